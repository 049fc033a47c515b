"""Seeds that follow from names alone, so that no draw depends on the order of work."""

import hashlib

import numpy as np


def seed_of(seed: int, purpose: str, *names: object) -> int:
    """Return the 64-bit seed of one random draw.

    Source: ours (sha256 of ``seed|purpose|name|...``).

    Args:
        seed: The run's seed from ``params.yaml``.
        purpose: What is drawn, e.g. ``"noise"`` or ``"fold"``.
        names: The item's own identity, e.g. clip and copy.
    """
    text = "|".join(str(part) for part in (seed, purpose, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def generator(seed: int, purpose: str, *names: object) -> np.random.Generator:
    """Return a NumPy generator seeded by :func:`seed_of`."""
    return np.random.default_rng(seed_of(seed, purpose, *names))
