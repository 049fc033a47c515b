"""The folder of noise recordings: which files it holds, how long they are, what they contain."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal

from merflow.errors import MerflowError
from merflow.media.sound import RATE
from merflow.noise.recordings import recording_names
from merflow.seeds import seed_of
from merflow.storage.known import KnownDigests

Share = Literal["train", "test"]
TEST_SHARE = 0.25
TOLD = 5  # names in one sentence


class NoiseFolder:
    """Noise recordings below one folder; in MUSAN's layout those below ``speech`` alone.

    Args:
        root: The folder that the paths in the noise manifest are relative to.
        known: Where digests of recordings are remembered from job to job; None: nowhere.
    """

    def __init__(self, root: Path, known: Path | None = None) -> None:
        """Look at no recording yet: they are listed when they are first asked for."""
        self.root = root
        self._lengths: dict[str, int] = {}
        self._digests: dict[str, str] = {}
        self._known = KnownDigests(known)

    @cached_property
    def names(self) -> list[str]:
        """The recordings' paths relative to the root, sorted.

        Raises:
            MerflowError: The folder is missing or holds no recording.
        """
        return recording_names(self.root)

    def names_for(self, share: Share, seed: int) -> list[str]:
        """Return the recordings that corrupt training copies or test clips, sorted; none does both.

        In the order of hashes of the seed and each recording's content the first quarter is for
        tests, whatever the names. Copies of one recording fall on one side; a lone recording
        trains. Source: ours. MUSAN's annotations name no reader, so one may read on both sides.

        Args:
            share: ``train`` or ``test``.
            seed: ``noise.seed``.

        Raises:
            MerflowError: A recording leads out of the folder or cannot be read, or the tests are
                asked for and all recordings have the same content.
        """
        self._check_all()
        self.hash_all(self.names)
        digests = {self.sha256(name) for name in self.names}
        ordered = sorted(digests, key=lambda digest: seed_of(seed, "noise-share", digest))
        if share == "test" and len(ordered) < 2:
            raise MerflowError(
                f"the noise folder {self.root} holds one recording, which corrupts training "
                "copies: add another one, which the test clips get"
            )
        tests = max(round(TEST_SHARE * len(ordered)), 1) if len(ordered) > 1 else 0
        chosen = set(ordered[:tests] if share == "test" else ordered[tests:])
        return [name for name in self.names if self.sha256(name) in chosen]

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

    def unchanged(self, name: str, sha256: str) -> Path:
        """Return the path of a recording that is as it was drawn.

        Raises:
            MerflowError: See :meth:`path`, or its content is another.
        """
        path = self.path(name)
        if self.sha256(name) != sha256:
            raise MerflowError(
                f"the noise file {name} in {self.root} changed since it was drawn: run "
                "`merflow noise draw` again"
            )
        return path

    def length(self, name: str) -> int:
        """Return the samples of a recording at 16 kHz, at least 1.

        Raises:
            MerflowError: The file cannot be read or is empty.
        """
        if name not in self._lengths:
            path = self.path(name)
            facts = _frames_and_rate(path)
            if facts is None:
                raise unreadable(path)
            frames, rate = facts
            self._lengths[name] = max(frames * RATE // rate, 1)
        return self._lengths[name]

    def sha256(self, name: str) -> str:
        """Return the digest of a recording's file."""
        if name not in self._digests:
            self.hash_all([name])
        return self._digests[name]

    def hash_all(self, names: Iterable[str]) -> None:
        """Find the digests of the recordings that a job needs, before it begins.

        They are remembered at once: asked for one by one each would write all of them again.

        Raises:
            MerflowError: See :meth:`path`.
        """
        new = sorted(set(names) - self._digests.keys())
        found = self._known.sha256([self.path(name) for name in new])
        self._digests |= dict(zip(new, found, strict=True))

    def _check_all(self) -> None:
        """Look at every recording's header, so that what is wrong shows before anything is drawn.

        Raises:
            MerflowError: Some lead out of the folder or cannot be read; they are named.
        """
        bad = [name for name in self.names if _frames_and_rate(self.path(name)) is None]
        if bad:
            more = f" and {len(bad) - TOLD} more" if len(bad) > TOLD else ""
            raise MerflowError(
                f"the noise folder {self.root} holds files that are empty or cannot be read as "
                f"sound ({', '.join(bad[:TOLD])}{more}): remove them or replace them by good copies"
            )


def unreadable(path: Path) -> MerflowError:
    """Return the error of a noise file that cannot be decoded."""
    return MerflowError(
        f"the noise file {path} cannot be read as sound: remove it or replace it by a good copy, "
        "then draw the noise again"
    )


def _frames_and_rate(path: Path) -> tuple[int, int] | None:
    """Return samples a channel and samples a second; None where it is no sound or empty."""
    import soundfile

    try:
        facts = soundfile.info(str(path))
    except soundfile.LibsndfileError:
        return None
    return (facts.frames, facts.samplerate) if facts.frames > 0 and facts.samplerate > 0 else None
