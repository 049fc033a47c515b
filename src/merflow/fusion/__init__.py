"""Fusion: attention-guided feature gathering and joint decoding."""
