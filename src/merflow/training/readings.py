"""Two readings of the same trajectories: which epoch of each fold's model is kept."""

import math

import numpy as np
from jaxtyping import Float, Int

from merflow.errors import MerflowError

ORGANISER, HONEST = "organiser", "honest"
READINGS = (ORGANISER, HONEST)


def organiser(criterion: Float[np.ndarray, "folds epochs"]) -> Int[np.ndarray, " folds"]:
    """Keep, for each fold, the epoch that is best on that very fold, the earliest on a tie.

    This is what the challenge baseline does; it is optimistic.

    Args:
        criterion: Com (or weighted F1 without valence) on the held-out fold after each epoch.
    """
    return np.argmax(criterion, axis=1)


def honest(criterion: Float[np.ndarray, "folds epochs"]) -> Int[np.ndarray, " folds"]:
    """Keep, for each fold, the epoch with the best mean over the other folds' curves.

    The curve of the fold itself does not enter its own choice; the earliest epoch wins a tie.
    Source: ours.

    Raises:
        MerflowError: There is one fold alone.
    """
    folds, epochs = criterion.shape
    if folds < 2:
        raise MerflowError(
            "the honest reading chooses a fold's epoch by the other folds, but there is one fold "
            "alone: raise corpus.folds.count"
        )
    kept = np.zeros(folds, dtype=np.int64)
    for fold in range(folds):
        others = np.delete(criterion, fold, axis=0)
        # fsum, so that equal sums in another order tie exactly.
        kept[fold] = np.argmax([math.fsum(others[:, epoch]) for epoch in range(epochs)])
    return kept


def keep(reading: str, criterion: Float[np.ndarray, "folds epochs"]) -> Int[np.ndarray, " folds"]:
    """Return the kept epochs of one of the :data:`READINGS`."""
    return {ORGANISER: organiser, HONEST: honest}[reading](criterion)
