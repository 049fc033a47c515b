"""What a draw chooses from: SNRs by preset, magnitudes by transform; light enough for planning."""

from typing import Any

# SNRs in dB. `paper`: the paper's seven values; `organiser`: np.arange(5, 11) of the challenge's
# own corruption (FACTS 4.7, 4.10 item 21).
PRESETS: dict[str, tuple[int, ...]] = {
    "paper": tuple(range(5, 12)),
    "organiser": tuple(range(5, 11)),
}
# What `visual: null` stands for, where the preset says how pictures are corrupted.
PRESET_VISUAL: dict[str, list[dict[str, Any]]] = {
    "organiser": [{"transform": "pyramid", "magnitude": [1, 4]}],
}
# Transforms whose magnitude is a whole number.
WHOLE_MAGNITUDES = frozenset({"solarize"})
MAX_LEVEL = 64  # of `pyramid`: a crop of 112 pixels is then 2 wide


def is_level(magnitude: float) -> bool:
    """Return whether a magnitude is a level of ``pyramid``, a power of two."""
    return magnitude in {2**halvings for halvings in range(MAX_LEVEL.bit_length())}


def magnitude_at(transform: str, low: float, high: float, share: float) -> float:
    """Return the magnitude at a share in [0, 1) of its range; four decimals keep the csv short."""
    if transform == "pyramid":
        first, last = (int(bound).bit_length() - 1 for bound in (low, high))
        return 2.0 ** (first + int(share * (last - first + 1)))
    if transform in WHOLE_MAGNITUDES:
        return float(int(low) + int(share * (int(high) - int(low) + 1)))
    return min(max(round(low + share * (high - low), 4), low), high)
