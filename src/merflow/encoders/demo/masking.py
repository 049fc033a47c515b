"""Which frames are hidden from HuBERT while it learns."""

import numpy as np
from jaxtyping import Bool

from merflow.seeds import generator

START, SPAN = 0.05, 6  # chance that a hidden stretch starts in a frame; its frames


def hidden_frames(
    seed: int, number: int, clips: int, frames: int
) -> Bool[np.ndarray, "clips frames"]:
    """Return the frames that are hidden in a batch: stretches that may overlap, one at least.

    Source: the masks of wav2vec 2.0 and HuBERT, with rarer and shorter stretches (ours).
    """
    rng = generator(seed, "demo-mask", number)
    starts = rng.random((clips, frames)) < START
    starts[np.arange(clips), rng.integers(frames, size=clips)] = True
    hidden = np.zeros((clips, frames), bool)
    for shift in range(min(SPAN, frames)):
        hidden[:, shift:] |= starts[:, : frames - shift]
    return hidden
