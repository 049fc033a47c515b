"""Noise: draws of corruptions, and how they are applied."""
