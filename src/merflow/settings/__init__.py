"""Settings: ``params.yaml`` checked before any job starts."""

from merflow.settings.check import check, misformed, problems
from merflow.settings.files import absent_files, check_files, clips_to_watch, features_to_watch
from merflow.settings.noise import check_noisy_corpus
from merflow.settings.text import read

__all__ = [
    "absent_files",
    "check",
    "check_files",
    "check_noisy_corpus",
    "clips_to_watch",
    "features_to_watch",
    "misformed",
    "problems",
    "read",
]
