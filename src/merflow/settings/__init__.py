"""Settings: ``params.yaml`` checked before any job starts."""

from merflow.settings.check import check, misformed, problems
from merflow.settings.files import absent_files, check_files, clips_to_watch, features_to_watch

__all__ = [
    "absent_files",
    "check",
    "check_files",
    "clips_to_watch",
    "features_to_watch",
    "misformed",
    "problems",
]
