"""The folder of noise recordings: which files it holds, how long they are, what they contain."""

from functools import cached_property
from pathlib import Path

from merflow.errors import MerflowError
from merflow.media.sound import RATE
from merflow.noise.recordings import recording_names
from merflow.storage.digest import file_sha256


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
        return recording_names(self.root)

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
