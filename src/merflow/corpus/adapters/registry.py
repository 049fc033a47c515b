"""The adapters by name."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from merflow.corpus.adapters import crema_d, mer2023, ravdess
from merflow.corpus.adapters.adapter import Adapter
from merflow.corpus.finding import Finding
from merflow.corpus.label import TRAIN, Label, LabelSpec
from merflow.errors import MerflowError, shown

ADAPTERS: Mapping[str, Adapter] = {
    "mer2023": mer2023.ADAPTER,
    "crema_d": crema_d.ADAPTER,
    "ravdess": ravdess.ADAPTER,
}
"""As ``corpus.adapter`` names them; ``demo``, ``table`` and ``labels`` need none."""


def read_corpus(corpus: Mapping[str, Any]) -> list[Label]:
    """Return the labels of a corpus in a layout of its own, sorted by clip.

    Args:
        corpus: ``adapter`` (one of :data:`ADAPTERS`), root, classes, valence and tests.

    Raises:
        MerflowError: Bad input, as the adapter tells it, two clips of one name, one whose path is
            not UTF-8 and cannot be listed, or none to train on.
    """
    root, spec = _root(corpus), spec_of(corpus)
    labels = sorted(ADAPTERS[corpus["adapter"]].labels(root, spec), key=lambda label: label.clip)
    for one, other in pairwise(labels):
        if one.clip == other.clip:
            raise MerflowError(
                f"{root}: {one.path} and {other.path} are both clip '{one.clip}'; remove one"
            )
    for label in labels:
        if shown(label.path) != label.path:
            raise MerflowError(
                f"{root}: the path {shown(label.path)} is not UTF-8, so that it cannot be listed; "
                "rename the clip or its folder"
            )
    if not any(label.split == TRAIN for label in labels):
        raise MerflowError(
            f"{root} holds no clip to train on; name the whole corpus in corpus.root"
        )
    return labels


def inspect_corpus(corpus: Mapping[str, Any]) -> list[Finding]:
    """Return what the adapter finds; takes and raises what :func:`read_corpus` does."""
    return ADAPTERS[corpus["adapter"]].inspect(_root(corpus), spec_of(corpus))


def spec_of(corpus: Mapping[str, Any]) -> LabelSpec:
    """Return what ``params.yaml`` wants of the labels."""
    return LabelSpec(corpus["classes"], corpus["valence"], corpus["tests"])


def _root(corpus: Mapping[str, Any]) -> Path:
    root = Path(corpus["root"])
    if not root.is_dir():
        raise MerflowError(
            f"corpus.root is {corpus['root']!r}, but there is no folder at {root.absolute()}; put "
            "the corpus there (docs/corpora.md says how to obtain it) or correct corpus.root"
        )
    return root
