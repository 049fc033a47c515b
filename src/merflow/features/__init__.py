"""Features: the per-layer cache of the frozen encoders."""
