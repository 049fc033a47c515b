"""The two readings of a training, as words, and which epochs they choose among."""

from collections.abc import Mapping
from typing import Any

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
