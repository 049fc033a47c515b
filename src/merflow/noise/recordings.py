"""Which files of a noise folder are recordings; light enough to be asked while planning."""

from pathlib import Path

from merflow.errors import MerflowError

SUFFIXES = frozenset({".wav", ".flac"})
ADVICE = (
    "set noise.root to a folder of wav or flac recordings, for example the speech part of "
    "MUSAN (https://www.openslr.org/17)"
)


def recording_names(root: Path) -> list[str]:
    """Return the recordings' paths relative to ``root``, sorted; in MUSAN's layout its speech.

    Raises:
        MerflowError: The folder is missing or holds no recording.
    """
    if not root.is_dir():
        raise MerflowError(f"the noise folder {root} does not exist: {ADVICE}")
    speech = root / "speech"
    below = speech if speech.is_dir() else root
    names = sorted(
        path.relative_to(root).as_posix()
        for path in below.rglob("[!.]*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    if not names:
        raise MerflowError(f"the noise folder {below} holds no wav or flac file: {ADVICE}")
    return names
