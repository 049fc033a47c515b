"""Settings: ``params.yaml`` checked before any job starts."""

from merflow.settings.check import check
from merflow.settings.files import check_files, listed_clips

__all__ = ["check", "check_files", "listed_clips"]
