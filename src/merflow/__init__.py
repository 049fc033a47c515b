"""merflow: a reproducible benchmark of audio-visual emotion recognition (arXiv 2309.07925)."""

__version__ = "0.1.0"
