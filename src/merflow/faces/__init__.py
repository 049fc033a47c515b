"""Faces: detect, track, align and crop."""
