"""Two readings of the same trajectories: which epoch of each fold's model is kept."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from merflow.errors import MerflowError

ORGANISER, HONEST = "organiser", "honest"
READINGS = (ORGANISER, HONEST)


def organiser(criterion: Float[np.ndarray, "folds epochs"]) -> Int[np.ndarray, " folds"]:
    """Keep, for each fold, the epoch that is best on that very fold, the earliest on a tie.

    This is what the challenge baseline does; it is optimistic.

    Args:
        criterion: Com (or weighted F1 where there is no Com) on the held-out fold after each epoch.
    """
    return np.argmax(criterion, axis=1)


def honest(
    criterion: Float[np.ndarray, "folds epochs"], patience: int | None = None
) -> Int[np.ndarray, " folds"]:
    """Keep, for each fold, the epoch with the best mean over the other folds' curves.

    The curve of the fold itself does not enter its own choice; the earliest epoch wins a tie.
    With patience the choice is over once so many epochs have passed without a better one: how
    long the others went on, for which the fold's own curve counts, does not enter either.
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
        kept[fold] = patient([math.fsum(others[:, epoch]) for epoch in range(epochs)], patience)
    return kept


def patient(curve: Sequence[float], patience: int | None) -> int:
    """Return the best epoch until so many have passed without a better one; the earliest wins."""
    best = 0
    for epoch, value in enumerate(curve):
        if value > curve[best]:
            best = epoch
        elif patience is not None and epoch - best >= patience:
            break
    return best


def keep(
    reading: str,
    criterion: Float[np.ndarray, "folds epochs"],
    inner: Float[np.ndarray, "folds epochs"] | None = None,
    patience: int | None = None,
) -> Int[np.ndarray, " folds"]:
    """Return the kept epochs of one of the :data:`READINGS`.

    Args:
        reading: Which.
        criterion: On the held-out fold after each epoch.
        inner: On the inner fold, if there is one: the honest reading then goes by it alone, the
            earliest epoch on a tie.
        patience: See :func:`honest`; the organiser reading has none.
    """
    if reading == ORGANISER:
        return organiser(criterion)
    if inner is None:
        return honest(criterion, patience)
    return np.array([patient(curve, patience) for curve in inner.tolist()], dtype=np.int64)


def choose_candidates(
    criteria: Sequence[Float[np.ndarray, "folds _"]],
    inner: Sequence[Float[np.ndarray, "folds _"] | None],
    patience: int | None = None,
) -> Int[np.ndarray, " folds"]:
    """Return, for each fold, which of several settings of a training is best without that fold.

    A setting's worth for a fold is what the honest reading's epoch reaches: the mean over the
    other folds' curves, or the inner fold's. The first listed wins a tie. Both readings keep an
    epoch of the chosen setting, so that hyper-parameters are chosen honestly in both
    (source: ours).

    Args:
        criteria: Of each setting, on the held-out fold after each epoch; lengths may differ.
        inner: The same on the inner fold, or None.
        patience: See :func:`honest`.
    """
    worth = []
    for held, within in zip(criteria, inner, strict=True):
        kept = keep(HONEST, held, within, patience)
        folds = range(len(held))
        if within is not None:
            worth.append([float(within[fold, kept[fold]]) for fold in folds])
        else:
            others = (np.delete(held[:, kept[fold]], fold) for fold in folds)
            worth.append([math.fsum(one) / len(one) for one in others])
    return np.argmax(np.array(worth), axis=0)
