"""Decoding, writing and mixing of sound and pictures."""
