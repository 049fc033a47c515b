"""The folder of noise recordings: which files it holds, how long they are, what they contain."""

from functools import cached_property
from pathlib import Path

from merflow.errors import MerflowError
from merflow.media.sound import RATE
from merflow.storage.digest import file_sha256

SUFFIXES = frozenset({".wav", ".flac"})
ADVICE = (
    "set noise.root to a folder of wav or flac recordings, for example the speech part of "
    "MUSAN (https://www.openslr.org/17)"
)


class NoiseFolder:
    """Noise recordings below one folder; in MUSAN's layout those below ``speech`` alone.

    Args:
        root: The folder that the paths in the noise manifest are relative to.
    """

    def __init__(self, root: Path) -> None:
        """Look at nothing yet: files are listed when they are first asked for."""
        self.root = root
        self._lengths: dict[str, int] = {}
        self._digests: dict[str, str] = {}

    @cached_property
    def names(self) -> list[str]:
        """The recordings' paths relative to the root, sorted.

        Raises:
            MerflowError: The folder is missing or holds no recording.
        """
        if not self.root.is_dir():
            raise MerflowError(f"the noise folder {self.root} does not exist: {ADVICE}")
        speech = self.root / "speech"
        below = speech if speech.is_dir() else self.root
        names = sorted(
            path.relative_to(self.root).as_posix()
            for path in below.rglob("[!.]*")
            if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if not names:
            raise MerflowError(f"the noise folder {below} holds no wav or flac file: {ADVICE}")
        return names

    def path(self, name: str) -> Path:
        """Return the path of a recording.

        Raises:
            MerflowError: It leads out of the folder, or there is no such file.
        """
        path = self.root / name
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise MerflowError(
                f"the noise file {name} leads out of the noise folder {self.root}: "
                "put the recording itself into the folder"
            )
        if not path.is_file():
            raise MerflowError(
                f"the noise file {name} is missing from the noise folder {self.root}: "
                "put it back, or draw the noise again"
            )
        return path

    def length(self, name: str) -> int:
        """Return the samples of a recording at 16 kHz, at least 1.

        Raises:
            MerflowError: The file cannot be read or is empty.
        """
        if name not in self._lengths:
            frames, rate = _frames_and_rate(self.path(name))
            self._lengths[name] = max(frames * RATE // rate, 1)
        return self._lengths[name]

    def sha256(self, name: str) -> str:
        """Return the digest of a recording's file."""
        if name not in self._digests:
            self._digests[name] = file_sha256(self.path(name))
        return self._digests[name]


def unreadable(path: Path) -> MerflowError:
    """Return the error of a noise file that cannot be decoded."""
    return MerflowError(
        f"the noise file {path} cannot be read as sound: remove it or replace it by a good copy, "
        "then draw the noise again"
    )


def _frames_and_rate(path: Path) -> tuple[int, int]:
    import soundfile

    try:
        facts = soundfile.info(str(path))
    except soundfile.LibsndfileError:
        raise unreadable(path) from None
    if facts.frames <= 0 or facts.samplerate <= 0:
        raise unreadable(path)
    return facts.frames, facts.samplerate
