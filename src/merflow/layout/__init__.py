"""Layout: where every file of a run lies, in paths that carry a digest of what it depends on.

The Snakefile asks this package; it opens no weight and no clip, so that planning stays fast.
Editing a setting changes the digests, and so the paths, of exactly what depends on it: old and
new results coexist and going back is free (source: ours).
"""

from merflow.layout.levels import LEVELS
from merflow.layout.read import read_layout, read_settings
from merflow.layout.report import Layout
from merflow.layout.runs import READINGS

__all__ = ["LEVELS", "READINGS", "Layout", "read_layout", "read_settings"]
