"""Media files of every kind that a corpus may hold, good and bad, made from a few drawn clips."""
