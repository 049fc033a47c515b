"""What the section ``noise`` must say."""

from collections.abc import Iterator
from typing import Any

from merflow.errors import MerflowError
from merflow.noise.ranges import MAX_LEVEL, PRESET_VISUAL, is_level
from merflow.settings.sentences import FILE


def check_noise(config: dict[str, Any]) -> Iterator[str]:
    """Check that the visual transforms are given, by a list or the preset, with sound ranges.

    Yields a sentence for each that is not.
    """
    noise = config["noise"]
    if noise["visual"] is None and noise["preset"] not in PRESET_VISUAL:
        yield (
            f"{FILE}: noise.visual is null; allowed with preset {noise['preset']}, which does not "
            "decide how pictures are corrupted: a list of transforms with their magnitudes"
        )
    for i, visual in enumerate(noise["visual"] or ()):
        where, (low, high) = f"noise.visual[{i}].magnitude", visual["magnitude"]
        if low > high:
            yield f"{FILE}: {where} is {[low, high]}; allowed: the smaller first"
        if visual["transform"] == "pyramid" and not (is_level(low) and is_level(high)):
            yield (
                f"{FILE}: {where} is {[low, high]}; allowed with transform pyramid: powers of "
                f"two, 1 to {MAX_LEVEL}"
            )


def check_noisy_corpus(config: dict[str, Any]) -> None:
    """Check that there are test clips, and recordings to corrupt them with.

    No other target needs both, so that settings without them are sound.

    Raises:
        MerflowError: There are none.
    """
    corpus, noise = config["corpus"], config["noise"]
    what = "noisy_corpus corrupts test clips with recordings"
    if corpus["adapter"] == "labels":
        raise MerflowError(
            f"{FILE}: corpus.adapter is 'labels', which has no clips; {what}: it needs another "
            "adapter"
        )
    if not corpus["tests"]:
        raise MerflowError(
            f"{FILE}: corpus.tests is []; {what}: name there the splits of the corpus to corrupt"
        )
    if noise["source"] == "folder" and not noise["root"]:
        raise MerflowError(
            f"{FILE}: noise.root is null; {what}: name there the folder of MUSAN or any folder of "
            "wav or flac"
        )
