"""Corpora: generating, checking and listing clips."""
