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

    MUSAN's layout is known by ``music`` or ``noise`` beside ``speech``. Whether ``root`` is MUSAN,
    the folder it was unpacked in or its speech, the recordings are the same in the same order.
    Hidden files and folders (``._x.wav`` of a Mac) are no recordings.

    Raises:
        MerflowError: The folder is missing or holds no recording.
    """
    if not root.is_dir():
        raise MerflowError(f"the noise folder {root} does not exist: {ADVICE}")
    below = next((musan / "speech" for musan in (root, root / "musan") if _is_musan(musan)), root)
    found = (
        path.relative_to(root)
        for path in below.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    names = sorted(
        name.as_posix() for name in found if not any(part.startswith(".") for part in name.parts)
    )
    if not names:
        raise MerflowError(f"the noise folder {below} holds no wav or flac file: {ADVICE}")
    return names


def _is_musan(folder: Path) -> bool:
    """Return whether a folder holds MUSAN's speech with another of its parts beside it."""
    others = any((folder / part).is_dir() for part in ("music", "noise"))
    return others and (folder / "speech").is_dir()
