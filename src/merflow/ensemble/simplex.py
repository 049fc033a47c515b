"""The grid of ensemble weights k, and the search for the best of them (eqs. 10 and 11)."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from merflow.errors import MerflowError
from merflow.training.scores import combine, confusion_counts, weighted_f1_from_counts

# Scores that differ by less differ by rounding alone.
TIE = 1e-12
LARGEST_GRID = 1_000_000
CHUNK = 4_000_000


def simplex(members: int, step: Any) -> Int[np.ndarray, "grid members"]:
    """Return all weights that are multiples of a step and sum to one, in units of the step.

    They come in the order in which ties are decided: nearest to equal weights first, then
    lexicographically.

    Args:
        members: How many weights there are.
        step: The grid's step, as it stands in the settings; one must be a multiple of it.

    Raises:
        MerflowError: The step does not divide one, or the grid is too large.
    """
    fine = isinstance(step, int | float) and not isinstance(step, bool) and 0 < step <= 1
    parts = round(1 / step) if fine else 0
    if not fine or not math.isclose(parts * step, 1.0, rel_tol=1e-9):
        raise MerflowError(f"ensemble.step is {step!r}: set it to 1 divided by a whole number")
    size = math.comb(parts + members - 1, members - 1)
    if size > LARGEST_GRID:
        raise MerflowError(
            f"{members} members with ensemble.step {step} give {size} weightings to try: "
            "raise ensemble.step or fuse fewer members"
        )
    grid = np.array(list(_compositions(members, parts)), dtype=np.int64)
    distance = ((grid * members - parts) ** 2).sum(axis=1)
    return grid[np.lexsort((*grid.T[::-1], distance))]


def _compositions(members: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to share ``parts`` units out to members (stars and bars)."""
    for bars in combinations(range(parts + members - 1), members - 1):
        edges = (-1, *bars, parts + members - 1)
        yield tuple(edges[i + 1] - edges[i] - 1 for i in range(members))


def search(
    grid: Int[np.ndarray, "grid members"],
    outputs: Float64[np.ndarray, "members clips outputs"],
    emotion: Int[np.ndarray, " clips"],
    valence: Float64[np.ndarray, " clips"] | None,
    classes: int,
) -> Float64[np.ndarray, " members"]:
    """Return the weights with the best Com of the fused predictions, or the best weighted F1.

    Args:
        grid: See :func:`simplex`; the first of equally good rows wins.
        outputs: Class probabilities and, as a last column, valence if there is one.
        emotion: True class indices.
        valence: True valences; None chooses by weighted F1.
        classes: How many classes there are.
    """
    weights = grid / grid[0].sum()
    per_chunk = max(1, CHUNK // max(1, outputs[0].size))
    scores = np.concatenate(
        [
            _score(weights[start : start + per_chunk], outputs, emotion, valence, classes)
            for start in range(0, len(weights), per_chunk)
        ]
    )
    return weights[np.argmax(scores >= scores.max() - TIE)]


def _score(
    weights: Float64[np.ndarray, "grid members"],
    outputs: Float64[np.ndarray, "members clips outputs"],
    emotion: Int[np.ndarray, " clips"],
    valence: Float64[np.ndarray, " clips"] | None,
    classes: int,
) -> Float64[np.ndarray, " grid"]:
    fused = np.tensordot(weights, outputs, axes=1)
    predicted = fused[:, :, :classes].argmax(axis=2)
    weighted_f1 = weighted_f1_from_counts(confusion_counts(emotion, predicted, classes))
    if valence is None:
        return weighted_f1
    mse = ((fused[:, :, classes] - valence) ** 2).mean(axis=1)
    return np.asarray(combine(weighted_f1, mse))
