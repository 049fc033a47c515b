"""Settings: ``params.yaml`` checked before any job starts."""

from merflow.settings.check import check
from merflow.settings.files import check_files, clips_to_watch, features_to_watch

__all__ = ["check", "check_files", "clips_to_watch", "features_to_watch"]
