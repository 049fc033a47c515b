"""The cache as a whole: what lies under ``results/``, whether it is sound, what can go."""
