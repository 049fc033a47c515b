"""The protocol as words: the two readings, which epochs they choose among, and random folds."""

from collections.abc import Mapping
from typing import Any

from merflow.corpus.speakers import FEW, MEASURED, NOISY, UNNAMED

READINGS = ("honest", "organiser")
HONEST = {
    "folds": "of each fold the epoch is kept that is best on the other folds, whose "
    "models were trained on this fold's labels too (the choice is not nested)",
    "inner": "of each fold the epoch is kept that is best on a further fold, on which its model "
    "was not trained either (the choice of a system's epochs is nested, that of an ensemble's "
    "weights is not)",
}
ORGANISER = (
    "of each fold the epoch is kept that is best on that very fold, as the challenge's baseline "
    "does"
)

LEAK = {
    MEASURED: "Folds are random, so that a speaker may stand on both sides: "
    "[speakers.md](speakers.md) says how many do, and how Train&Val changes when whole speakers "
    "are held out.",
    UNNAMED: "Folds are random and not every train clip names its speaker: speakers or shows may "
    "stand on both sides, and nothing can be said of how much that helps Train&Val.",
    FEW: "Folds are random, so that speakers stand on both sides; how much that helps Train&Val "
    "is not measured, as there are fewer speakers than folds (corpus.folds.count).",
    NOISY: "Folds are random, so that a speaker may stand on both sides; how much that helps "
    "Train&Val is measured on systems trained clean, of which there are none.",
}
"""By :func:`merflow.layout.leak.leak_of`."""


def reading_told(reading: str, training: Mapping[str, Any]) -> str:
    """Return which epochs a reading keeps, in words.

    Args:
        reading: One of :data:`READINGS`.
        training: ``selection`` of ``fusion.training``.
    """
    return HONEST[training["selection"]] if reading == "honest" else ORGANISER


def epochs_told(training: Mapping[str, Any]) -> str:
    """Return which epochs the readings choose among, as a sentence.

    Args:
        training: ``epochs`` and ``patience`` of ``fusion.training``.
    """
    epochs, patience = training["epochs"], training["patience"]
    if patience is None:
        return f"Both readings choose among all {epochs} epochs."
    return (
        f"A training ends {patience} epochs after the honest reading's last kept epoch, {epochs} "
        "at most, so the organiser reading sees fewer epochs than the challenge's 100 "
        "(patience: null trains all)."
    )


def choices_told(training: Mapping[str, Any]) -> list[str]:
    """Return which settings were chosen from lists, as a sentence; none where none was.

    Args:
        training: ``learning_rate``, ``width`` and ``dropout`` of ``fusion.training``.
    """
    keys = ("learning_rate", "width", "dropout")
    lists = {key: training[key] for key in keys if isinstance(training.get(key), list)}
    if not lists:
        return []
    told = " and ".join(f"{key} from {', '.join(map(str, of))}" for key, of in lists.items())
    return [
        f"Chosen for each seed and fold, as the honest reading chooses and in both readings alike: "
        f"{told}; curves.csv of a run tells which were taken."
    ]
