"""What the doctor looks at: the settings as they stand, and what follows from them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from merflow import settings
from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.label import Label, LabelSpec
from merflow.corpus.labels import read_labels
from merflow.corpus.listed import ListedClips
from merflow.corpus.split_labels import read_split_labels
from merflow.doctor.sample import Header, Lengths, headers_of, lengths_of
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.settings.files import Absent, absent_files
from merflow.settings.sentences import FILE
from merflow.use import SCHEMA, find_project


def find_settings(start: Path) -> Path:
    """Return the nearest folder, from ``start`` upwards, that has a ``params.yaml``.

    Raises:
        MerflowError: There is none.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / FILE).is_file():
            return folder
    raise MerflowError(
        f"there is no {FILE} at {start.absolute()} or above; change to the project, where "
        "`merflow use` lists settings to begin from"
    )


def read_config() -> Any:
    """Return what the ``params.yaml`` of the working folder holds, whatever that is.

    Raises:
        MerflowError: It cannot be read, is no YAML, or has a key twice.
    """
    try:
        return settings.read(Path(FILE))
    except OSError as error:
        raise MerflowError(
            f"{FILE} cannot be read ({error.strerror}); correct its permissions"
        ) from error


def read_schema() -> dict[str, Any]:
    """Return the schema of the project that runs the working folder.

    Raises:
        MerflowError: There is none, or it cannot be read.
    """
    file = SCHEMA if SCHEMA.is_file() else find_project(Path.cwd()) / SCHEMA
    try:
        found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise MerflowError(f"{file} cannot be read; get that file again") from error
    return found


@dataclass(frozen=True)
class Unheard(Layout):
    """A layout whose noise recordings are not there: what is made with them is yet to be made.

    How much that is follows from the settings alone. A run, which needs the recordings, never
    comes to the digests that this one gives what depends on them.
    """

    @property
    def _recordings(self) -> list[str]:
        return []


@dataclass(frozen=True)
class Case:
    """One ``params.yaml`` in the working folder.

    Attributes:
        config: Its settings; sections of a wrong form are not looked at.
        measure: Whether encoders may be run to measure them.
        wrong: Sections that have a wrong form.
    """

    config: dict[str, Any]
    measure: bool = False
    wrong: frozenset[str] = frozenset()

    @cached_property
    def layout(self) -> Layout:
        """Paths and digests.

        Raises:
            MerflowError: The corpus that the settings name is not there, or as :attr:`labels`.
        """
        for one in self.absent:
            if one.key.startswith("corpus."):
                raise MerflowError(f"{one.key} {one.what}; {one.todo}")
        self.labels  # noqa: B018 - a list that is no file, which might be read without end, is told
        if any(one.key.startswith("noise.") for one in self.absent):
            return Unheard(self.config, self.listed)
        layout = Layout(self.config, self.listed)
        try:
            layout.noise_key, layout.levels_key  # noqa: B018 - list the recordings, if any are used
        except (MerflowError, OSError):
            return Unheard(self.config, self.listed)
        return layout

    @cached_property
    def listed(self) -> ListedClips:
        """The user's clips, read once."""
        return ListedClips(self.config["corpus"])

    @cached_property
    def absent(self) -> list[Absent]:
        """Settings that name what is not there."""
        return list(absent_files(self.config, self.wrong))

    @property
    def generated(self) -> bool:
        """Whether the run makes its own clips."""
        return bool(self.config["corpus"]["adapter"] == "demo")

    @property
    def with_clips(self) -> bool:
        """Whether there are clips of the user's."""
        return self.config["corpus"]["adapter"] not in ("demo", "labels")

    @property
    def label_spec(self) -> LabelSpec:
        """What the labels must agree with."""
        corpus = self.config["corpus"]
        return LabelSpec(corpus["classes"], corpus["valence"], corpus["tests"])

    @cached_property
    def labels(self) -> list[Label]:
        """The labels of all clips, sorted by clip; none of the demo's, which are yet to be made.

        Raises:
            MerflowError: They cannot be read.
        """
        corpus, spec = self.config["corpus"], self.label_spec
        if self.generated:
            return []
        if corpus["adapter"] == "labels":
            return read_split_labels({k: Path(v) for k, v in corpus["labels"].items()}, spec)
        if corpus["adapter"] in ADAPTERS:
            return self.listed.labels
        return read_labels(Path(corpus["csv"]), spec)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many clips each split has; raises as :attr:`labels`."""
        if self.generated:
            return dict(self.config["corpus"]["demo"]["clips"])
        splits = ["train", *self.config["corpus"]["tests"]]
        return {split: sum(one.split == split for one in self.labels) for split in splits}

    @cached_property
    def files(self) -> dict[str, Path]:
        """Clip -> its file, of those that are there; raises as :attr:`labels`."""
        if not self.with_clips:
            return {}
        return {clip: Path(path) for clip, path in self.listed.there.items()}

    @cached_property
    def headers(self) -> list[Header]:
        """The headers of some clips' files; raises as :attr:`labels`."""
        return headers_of(self.files)

    @cached_property
    def lengths(self) -> Lengths:
        """How long the clips are; raises as :attr:`labels`."""
        corpus = self.config["corpus"]
        if self.generated:
            demo, count = corpus["demo"], sum(self.counts.values())
            return Lengths(count, demo["duration_s"], 0.0, demo["fps"], (), "as set")
        if not self.with_clips:
            return Lengths(len(self.labels), 0.0, 0.0, 0.0, (), "without clips")
        return lengths_of(self.files, self.headers, Path(Layout(self.config, self.listed).manifest))
