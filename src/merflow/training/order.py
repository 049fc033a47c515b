"""The order of training clips in each epoch, the same for every system of a fold and seed."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int

from merflow.seeds import generator


def order_draws(
    seed: int, fold: int, clips: Sequence[str], copies: Sequence[int], epochs: int
) -> Float64[np.ndarray, "rows epochs"]:
    """Return one uniform draw for each row and epoch, from the row's own generator.

    A row's draws depend on its clip and copy alone: not on the order in which clips are listed,
    nor on which others there are, nor on how many epochs follow (source: ours).
    """
    rows = zip(clips, copies, strict=True)
    return np.array(
        [generator(seed, "order", fold, clip, copy).random(epochs) for clip, copy in rows]
    )


def epoch_order(draws: Float64[np.ndarray, "rows epochs"], epoch: int) -> Int[np.ndarray, " rows"]:
    """Return the rows in the order of one epoch (counted from 0)."""
    return np.argsort(draws[:, epoch], kind="stable")
