"""The folders and files that ``params.yaml`` names."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.listed import ListedClips
from merflow.corpus.split_files import clip_names
from merflow.encoders.registry import PRECOMPUTED
from merflow.encoders.sources import FOLDER as WEIGHTS
from merflow.encoders.sources import how_to_get, unusable_revision, weights_path
from merflow.errors import MerflowError
from merflow.features.organisers import SUFFIX, check_complete
from merflow.settings.sentences import FILE
from merflow.settings.sources import uses_noise

YUNET_FILES = ("face_detection_yunet_2026may.onnx", "face_detection_yunet_2023mar.onnx")
"""What YuNet is called there; all that docs/corpora.md says was measured with the first."""
YUNET = (
    f"get {YUNET_FILES[0]} (230 kB; measured in docs/corpora.md) or {YUNET_FILES[1]} from the "
    "OpenCV Zoo, https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
)
"""Where YuNet is to be had."""
YUNET_PATTERN = "face_detection_yunet*.onnx"
_LABELS = (
    "get it from the organisers, or write a csv with the columns name, discrete and valence (for a "
    "test names will do)"
)


@dataclass(frozen=True)
class Absent:
    """A setting that names a folder or file which cannot be used.

    Attributes:
        key: The setting.
        what: What is wrong with it.
        todo: What to do.
    """

    key: str
    what: str
    todo: str

    def sentence(self) -> str:
        """Return both in one sentence."""
        return f"{FILE}: {self.key} {self.what}; {self.todo}"


def check_files(config: dict[str, Any]) -> None:
    """Check that the folders and files that ``params.yaml`` names exist, relative to the run.

    Raises :class:`MerflowError` that says what is missing, where it was looked for and how to
    get it.
    """
    for one in absent_files(config):
        raise MerflowError(one.sentence())


def absent_files(config: dict[str, Any], wrong: frozenset[str] = frozenset()) -> Iterator[Absent]:
    """Yield every setting that names a folder or file which is not there, in their order.

    So is a file that stands for a folder, and a folder that stands for a file.

    Args:
        config: The settings.
        wrong: Sections that have a wrong form, of which nothing is looked at.
    """
    wanted = [one for sections, named in NAMED if not wrong & {*sections} for one in named(config)]
    for key, path, kind, advice in wanted:
        if "{" in str(path) or "}" in str(path):
            allowed = "allowed: a path without braces, which Snakemake takes for wildcards"
            yield Absent(key, f"is {str(path)!r}", allowed)
            continue
        # A model of the hub is named otherwise than its folder.
        place = weights_path(path) if key.endswith(".weights") else Path(path)
        if not place.exists():
            what = f"is {str(path)!r}, but there is nothing at {place.absolute()}"
            if str(path).startswith("~"):
                what += ", as ~ is not expanded"
                advice = "write out the folder that ~ stands for"
            yield Absent(key, what, advice)
            continue
        if kind == "folder" and not place.is_dir():
            yield Absent(key, f"is {str(path)!r}, which is a file", "name the folder")
        elif kind == "file" and place.is_dir():
            yield Absent(key, f"is {str(path)!r}, which is a folder", "name the file")


def yunet_there(path: str | None = None) -> list[Path]:
    """Return files that are called as YuNet is, in the folder of weights and beside a path.

    Those of :data:`YUNET_FILES` come first, in their order.
    """
    folders = dict.fromkeys([WEIGHTS, *([Path(path).parent] if path else [])])
    found = [file for folder in folders for file in sorted(folder.glob(YUNET_PATTERN))]
    known = {name: rank for rank, name in enumerate(YUNET_FILES)}
    return sorted(
        (file for file in found if file.is_file()),
        key=lambda file: known.get(file.name, len(known)),
    )


Names = Iterator[tuple[str, Any, Literal["folder", "file", "either"], str]]
"""Setting, path, what must lie there, and what to do if it does not."""


def _of_corpus(config: dict[str, Any]) -> Names:
    corpus = config["corpus"]
    if corpus["adapter"] == "table":
        yield "corpus.root", corpus["root"], "folder", "set it to the folder that holds your clips"
        advice = "write a csv with the columns path and emotion"
        yield "corpus.csv", corpus["csv"], "file", advice
    if corpus["adapter"] in ADAPTERS:
        yield "corpus.root", corpus["root"], "folder", "put the corpus there (docs/corpora.md)"
    if corpus["adapter"] == "labels":
        for split, path in corpus.get("labels", {}).items():
            yield f"corpus.labels.{split}", path, "file", _LABELS


def _of_noise(config: dict[str, Any]) -> Names:
    noise = config["noise"]
    if noise["source"] == "folder" and uses_noise(config):
        advice = "get MUSAN from openslr.org/17 or name a folder of wav"
        yield "noise.root", noise["root"], "folder", advice


def _of_faces(config: dict[str, Any]) -> Names:
    faces = config["faces"]
    if faces["backend"] == "yunet":
        path = faces["yunet"]["path"]
        there = yunet_there(path)
        advice = f"{there[0]} is there already: set faces.yunet.path to it" if there else YUNET
        yield "faces.yunet.path", path, "file", advice
    if faces["backend"] == "precropped":
        root, advice = faces["precropped"]["root"], "name the folder with a folder a clip in it"
        yield "faces.precropped.root", root, "folder", advice


def _of_encoders(config: dict[str, Any]) -> Names:
    encoders = config["features"]["encoders"]
    for name, spec in encoders.items():
        if spec.get("weights", "demo") != "demo":
            key = f"features.encoders.{name}.weights"
            yield key, spec["weights"], "either", _how_to_get(spec)
    for name, spec in encoders.items():
        for layer, path in spec.get("folders", {}).items():
            key = f"features.encoders.{name}.folders.{layer}"
            yield key, path, "folder", "get it, or link it there"


Named = Callable[[dict[str, Any]], Names]

NAMED: tuple[tuple[tuple[str, ...], Named], ...] = (
    (("corpus",), _of_corpus),
    (("noise", "fusion", "report"), _of_noise),
    (("faces",), _of_faces),
    (("features",), _of_encoders),
)
"""Sections, and what they name."""


def _how_to_get(spec: dict[str, Any]) -> str:
    odd = unusable_revision(spec["weights"])
    if odd is not None:
        return odd
    advice = how_to_get(spec["architecture"], spec["weights"])
    return f"{advice}; `merflow encoders fetch` gets what can be got"


def clips_to_watch(listed: ListedClips) -> dict[str, str]:
    """Return clip -> path of the user's clips that exist, for the graph to watch.

    {} for the demo, whose clips are made in the run, and where there are labels alone. Paths with
    braces are left out: Snakemake would take these for wildcards. The clips are used.

    Raises:
        MerflowError: The list of clips cannot be read.
    """
    if listed.corpus["adapter"] in ("demo", "labels"):
        return {}
    return {clip: path for clip, path in listed.there.items() if not set("{}") & set(path)}


def features_to_watch(
    config: dict[str, Any], listed: ListedClips
) -> dict[str, dict[str, list[str]]]:
    """Return encoder -> clip -> files of precomputed features that exist, for the graph to watch.

    Paths with braces are left out, as those of clips. With labels alone every clip must have its
    files; with clips only those that turn out usable, of which the job is told.

    Args:
        config: The checked settings.
        listed: The clips of its corpus.

    Raises:
        MerflowError: A list of clips or a folder cannot be read, or lacks files.
    """
    corpus = config["corpus"]
    encoders = config["features"]["encoders"]
    given = {n: spec for n, spec in encoders.items() if spec["architecture"] == PRECOMPUTED}
    if not given:
        return {}
    if corpus["adapter"] == "labels":
        clips = clip_names({split: Path(file) for split, file in corpus["labels"].items()})
    else:
        clips = list(listed.there)
    watched: dict[str, dict[str, list[str]]] = {}
    for name, spec in given.items():
        files: dict[str, list[str]] = {clip: [] for clip in clips if not set("{}") & set(clip)}
        for folder in spec["folders"].values():
            check_complete(Path(folder), clips if corpus["adapter"] == "labels" else [])
            there = set(os.listdir(folder))
            for clip, paths in files.items():
                if f"{clip}{SUFFIX}" in there:
                    paths.append(f"{folder}/{clip}{SUFFIX}")
        watched[name] = files
    return watched
