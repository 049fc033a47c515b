"""Corpora in the layout of their release, of a few generated clips, with real containers."""

from miniatures.crema_d import crema_d
from miniatures.mer2023 import hub_release, mer2023
from miniatures.ravdess import ravdess

__all__ = ["crema_d", "hub_release", "mer2023", "ravdess"]
