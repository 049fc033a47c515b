"""What the section ``noise`` must say together; raises :class:`MerflowError`."""

from typing import Any

from merflow.errors import MerflowError
from merflow.noise.ranges import MAX_LEVEL, PRESET_VISUAL, is_level
from merflow.settings.sentences import FILE


def check_noise(config: dict[str, Any]) -> None:
    """Check that the visual transforms are given, by a list or the preset, with sound ranges."""
    noise = config["noise"]
    if noise["visual"] is None and noise["preset"] not in PRESET_VISUAL:
        raise MerflowError(
            f"{FILE}: noise.visual is null; allowed with preset {noise['preset']}, which does not "
            "decide how pictures are corrupted: a list of transforms with their magnitudes"
        )
    for i, visual in enumerate(noise["visual"] or ()):
        where, (low, high) = f"noise.visual[{i}].magnitude", visual["magnitude"]
        if low > high:
            raise MerflowError(f"{FILE}: {where} is {[low, high]}; allowed: the smaller first")
        if visual["transform"] == "pyramid" and not (is_level(low) and is_level(high)):
            raise MerflowError(
                f"{FILE}: {where} is {[low, high]}; allowed with transform pyramid: powers of "
                f"two, 1 to {MAX_LEVEL}"
            )
