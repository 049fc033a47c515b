"""Finding a clip of the manifest again, unchanged."""

from pathlib import Path

from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

AGAIN = "run `snakemake --cores all --forcerun corpus_check` (demo clips: corpus_demo_clips)"


def checked_clip(root: Path, clip: str, path: str, sha256: str) -> Path:
    """Return where a clip lies, if that is inside ``root`` and as the manifest says.

    Args:
        root: Folder that the manifest's paths are relative to.
        clip: The clip's name, for the error.
        path: Its path in the manifest.
        sha256: Its digest in the manifest.

    Raises:
        MerflowError: It leads out of ``root``, is missing, or changed since it was listed.
    """
    found = (root / path).resolve()
    if not found.is_relative_to(root.resolve()):
        raise MerflowError(f"clip {clip}: {path} leads out of {root}; {AGAIN}")
    if not found.is_file():
        raise MerflowError(f"clip {clip}: there is no file {found}; {AGAIN}")
    if file_sha256(found) != sha256:
        raise MerflowError(f"clip {clip}: {found} changed since it was listed; {AGAIN}")
    return found
