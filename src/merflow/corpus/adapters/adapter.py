"""What the graph asks of a corpus that comes in a layout of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from merflow.corpus.finding import Finding
from merflow.corpus.label import Label, LabelSpec


@dataclass(frozen=True)
class Adapter:
    """One corpus, as it is released.

    Attributes:
        classes: All its emotions; ``corpus.classes`` names them in the order that is wanted.
        tests: Its splits beside ``train``, of which ``corpus.tests`` chooses.
        valence: What tables call its valence, ``valence_proxy`` where it is derived from votes for
            emotions; None where it has none.
        com: Whether Com is defined for it: its valence is on MER 2023's scale, -5 to 5.
        folds: The schemes that ``corpus.folds.scheme`` may name beside ``random``.
        labels: Takes the corpus folder and what ``params.yaml`` wants; returns the label of every
            clip, in any order, with ``path`` relative to the folder. A clip that is labelled but
            not there is returned too, and becomes ``missing``. Raises MerflowError.
        inspect: Takes the same; says what is right or wrong for ``merflow doctor``, where
            :func:`merflow.corpus.adapters.looks.of_clips` does what all need. Raises MerflowError.
        emotion_only: Those of its tests that ask for the emotion alone, though train has valence.
        label_files: Takes what ``labels`` does and returns its csv of each split, where it reads
            them by :func:`merflow.corpus.split_labels.read_split_labels`; else None. Raises
            MerflowError.
    """

    classes: tuple[str, ...]
    tests: tuple[str, ...]
    valence: Literal["valence", "valence_proxy"] | None
    com: bool
    folds: tuple[str, ...]
    labels: Callable[[Path, LabelSpec], list[Label]]
    inspect: Callable[[Path, LabelSpec], list[Finding]]
    emotion_only: tuple[str, ...] = ()
    label_files: Callable[[Path, LabelSpec], dict[str, Path]] | None = None
