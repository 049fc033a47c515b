"""What ``params.yaml`` must say of where clips, noise and faces come from.

Each check yields a sentence for what it does not say.
"""

from collections.abc import Iterator
from typing import Any

from merflow.settings.sentences import FILE

DEMO_CLASSES = {"neutral", "angry", "happy", "sad", "worried", "surprise"}


def check_sources(config: dict[str, Any]) -> Iterator[str]:
    """Check that each adapter, backend and noise source has the settings it needs."""
    corpus = config["corpus"]
    if corpus["adapter"] == "table":
        for key in ("root", "csv"):
            if not corpus[key]:
                yield (
                    f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter table: a path"
                )
    elif corpus["adapter"] != "demo":
        pass  # labels alone, or a layout of its own: check_labels and check_adapter look at these
    elif "demo" not in corpus:
        yield f"{FILE}: key corpus.demo is missing; adapter demo needs a mapping"
    elif set(corpus["classes"]) != DEMO_CLASSES:
        yield (
            f"{FILE}: corpus.classes is {corpus['classes']!r}; allowed with adapter demo: "
            f"{', '.join(sorted(DEMO_CLASSES))}, in any order"
        )
    yield from _check_unused(corpus)
    noise = config["noise"]
    if uses_noise(config) and noise["source"] == "folder" and not noise["root"]:
        yield (
            f"{FILE}: noise.root is null; allowed while a system's augmentation names noise, or "
            "report.robustness is set: the folder of MUSAN or any folder of wav or flac"
        )
    if noise["source"] == "demo" and corpus["adapter"] != "demo":
        yield (
            f"{FILE}: noise.source is 'demo'; allowed with corpus.adapter {corpus['adapter']}: "
            "folder, with noise.root naming MUSAN or any folder of wav or flac (null where no "
            "system is trained with noise and report.robustness is null)"
        )
    if config["faces"]["backend"] == "yunet" and not config["faces"]["yunet"]["path"]:
        yield (
            f"{FILE}: faces.yunet.path is null; allowed with backend yunet: the path of the onnx "
            "file face_detection_yunet of the OpenCV Zoo"
        )
    yield from check_precropped(config)


def check_precropped(config: dict[str, Any]) -> Iterator[str]:
    """Check that given pictures have a folder, and that nothing is asked of them that they lack."""
    faces = config["faces"]
    if faces["backend"] != "precropped":
        return
    if config["corpus"]["adapter"] == "demo":
        yield (
            f"{FILE}: faces.backend is 'precropped'; allowed with corpus.adapter demo, whose clips "
            "are made in the run: cascade, yunet"
        )
    if not faces["precropped"]["root"]:
        yield (
            f"{FILE}: faces.precropped.root is null; allowed with backend precropped: the folder "
            "that holds <clip>/<frame>.bmp (png, jpg) or <clip>.npy"
        )
    if faces["mask"]:
        yield (
            f"{FILE}: faces.mask is true; allowed with backend precropped: false, as the mask "
            "belongs to this project's alignment and given pictures are taken as they are"
        )


def _check_unused(corpus: dict[str, Any]) -> Iterator[str]:
    """Check that nothing is set of which the adapter would read nothing."""
    adapter = corpus["adapter"]
    for key in ("demo", "labels"):
        if key in corpus and key != adapter:
            yield (
                f"{FILE}: corpus.{key} is set, which corpus.adapter {adapter} does not read; "
                f"allowed: no such key, or adapter {key}"
            )
    for key in ("root", "csv"):
        if adapter == "demo" and corpus[key] is not None:
            yield (
                f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter demo, whose clips "
                "are made in the run: null"
            )


def uses_noise(config: dict[str, Any]) -> bool:
    """Return whether any system is trained with noisy copies, or any split is made noisy."""
    systems = config["fusion"]["systems"]
    trained = any("noise" in system["augmentation"] for system in systems)
    return trained or config["report"]["robustness"] is not None
