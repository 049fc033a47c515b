"""One encoder on one clip: what comes out of each layer, and how exact a precision is."""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from merflow.encoders.encoder import Vectors
from merflow.encoders.registry import kind_of
from merflow.encoders.stock.place import absent, weight_file
from merflow.errors import MerflowError
from merflow.seeds import generator

SECONDS = 4
FRAMES = 8
RATE = 16_000


@dataclass(frozen=True)
class Trial:
    """What came of one clip.

    Attributes:
        vectors: Layer -> vector.
        parameters: Numbers that the network holds.
        digest: The encoder's digest.
        seconds: What was done -> how long it took; the clip is encoded twice, as a first run
            also prepares what later ones use.
        memory: Peak of the process and, on CUDA, of the device, in MiB.
    """

    vectors: Vectors
    parameters: int
    digest: str
    seconds: dict[str, float]
    memory: dict[str, float]


def checkable(name: str, spec: Mapping[str, Any], precisions: Sequence[str | None]) -> None:
    """Check that an encoder can be run at all, and with a precision if one is asked for.

    Raises:
        MerflowError: It reads features from files, or has no numbers of a precision.
    """
    kind = kind_of(spec)
    if not kind.module:
        raise MerflowError(
            f"the encoder {name} reads features from files, so there is nothing to run: "
            "`merflow encoders` tells where they lie"
        )
    if not kind.trained and any(precisions):
        raise MerflowError(
            f"the encoder {name} ({kind.name}) has no weights and so no precision: leave "
            "--precision and --compare out"
        )


def given_clip(
    spec: Mapping[str, Any], faces: Mapping[str, Any], clip: Path | None
) -> tuple[np.ndarray, str]:
    """Return what the encoder is given, and what that is in words.

    Args:
        spec: Its settings.
        faces: The section ``faces`` of the settings, for a visual encoder.
        clip: A clip; None: sound or crops are made up.

    Raises:
        MerflowError: The clip cannot be decoded, or no face is found in it.
    """
    audio = kind_of(spec).modality == "audio"
    if clip is None:
        return _made_up(audio)
    if audio:
        from merflow.media.sound import read_sound

        sound = read_sound(clip)
        return sound, f"{len(sound) / RATE:.2f} s of {clip}"
    import cv2

    from merflow.faces.make import face_maker
    from merflow.threads import numeric_threads

    cv2.setNumThreads(numeric_threads())
    crops = face_maker(faces)(clip, clip.stem).crops
    if not len(crops):
        raise MerflowError(
            f"no face was found in {clip} with the settings of params.yaml (faces): name another "
            "with --clip"
        )
    return crops, f"{len(crops)} faces of {clip}"


def _made_up(audio: bool) -> tuple[np.ndarray, str]:
    random = generator(0, "encoders check")
    if not audio:
        crops = random.integers(0, 256, (FRAMES, 112, 112, 3), dtype=np.uint8)
        return crops, f"no clip: {FRAMES} crops of noise"
    time_s = np.arange(SECONDS * RATE) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 220 * time_s)
    sound = (tone + 0.02 * random.standard_normal(len(time_s))).astype(np.float32)
    return sound, f"no clip: {SECONDS} s of a tone with noise"


def run(spec: Mapping[str, Any], path: Path | None, given: np.ndarray) -> Trial:
    """Load an encoder as the graph does, and encode one clip.

    Raises:
        MerflowError: The weights are missing, damaged, or others than declared.
    """
    from merflow.encoders.load import load

    kind, clock = kind_of(spec), time.perf_counter
    if path is not None and spec.get("weights") == "demo" and absent(kind.module, path):
        raise MerflowError(
            f"there is no checkpoint at {path} yet, as the graph makes these weights: run "
            "`snakemake --cores all features` first"
        )
    if path is not None and absent(kind.module, path):
        raise MerflowError(
            f"there are no weights at {path}: `merflow encoders fetch` gets what can be got, and "
            "says how to come by the rest"
        )
    marks = [clock()]
    encoder = load(kind.name, spec, None if path is None else weights_for(kind.module, path))
    marks.append(clock())
    prepared = encoder.prepare(given)
    marks.append(clock())
    encoder.encode_finite([prepared])
    marks.append(clock())
    [vectors] = encoder.encode_finite([prepared])
    marks.append(clock())
    names = ("load", "prepare", "encode", "encode again")
    seconds = {name: end - begin for name, begin, end in zip(names, marks, marks[1:], strict=False)}
    cuda = str(spec.get("device", "cpu")).startswith("cuda")
    return Trial(vectors, _parameters(encoder), encoder.digest, seconds, _memory(cuda))


def weights_for(module: str, path: Path) -> Path:
    """Return what a loader is given: a speech network's folder, else the weight file."""
    return path if module == "speech" else weight_file(module, path)


def report(name: str, spec: Mapping[str, Any], trial: Trial) -> str:
    """Return the table of a trial, its costs, and the line that pins its weights."""
    width = max(5, *map(len, trial.vectors))
    lines = [f"  {'layer':{width}} {'dim':>6} {'mean':>11} {'sd':>11} {'norm':>11}"]
    for layer, vector in trial.vectors.items():
        wide = vector.astype(np.float64)
        numbers = (wide.mean(), wide.std(), np.linalg.norm(wide))
        told = " ".join(f"{number:11.4g}" for number in numbers)
        lines.append(f"  {layer:{width}} {len(vector):6} {told}")
    said = ", ".join(f"{what} {value:.2f}" for what, value in trial.seconds.items())
    peaks = ", ".join(f"{what} {value:,.0f} MiB" for what, value in trial.memory.items())
    lines += [
        f"parameters  {trial.parameters:,} as loaded",
        f"precision   {spec.get('precision', 'float32')}",
        f"seconds     {said}",
        f"peak memory {peaks}",
    ]
    return "\n".join([*lines, _digest_line(name, spec, trial.digest)])


def _digest_line(name: str, spec: Mapping[str, Any], digest: str) -> str:
    if not kind_of(spec).trained:
        return f"digest      {digest} (no weights, nothing to pin)"
    if spec.get("sha256"):
        return f"sha256      {digest}, as pinned"
    if spec["weights"] == "demo":
        return f"sha256      {digest}, made by the graph"
    return (
        f"sha256      {digest}, not pinned: if you trust where the file came from, write under "
        f"features.encoders.{name} of params.yaml\n  sha256: {digest}"
    )


def comparison(precision: str, reference: Vectors, other: Vectors) -> str:
    """Return how far each layer of a precision lies from float32."""
    width = max(5, *map(len, reference))
    lines = [
        f"{precision} against float32",
        f"  {'layer':{width}} {'relative L2':>12} {'1 - cosine':>12}",
    ]
    for layer, exact in reference.items():
        distance, angle = errors(exact, other[layer])
        lines.append(f"  {layer:{width}} {distance:12.2e} {angle:12.2e}")
    return "\n".join(lines)


def errors(exact: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return |other - exact| / |exact|, and 1 minus the cosine between them.

    A vector of zeros is told by 0 if both are zeros, else by infinity and 1.
    """
    a, b = exact.astype(np.float64), other.astype(np.float64)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if not norms[0] or not norms[1]:
        return (0.0, 0.0) if norms[0] == norms[1] else (float("inf"), 1.0)
    # Half the squared distance of the unit vectors: 1 - cosine without cancellation.
    angle = np.square(a / norms[0] - b / norms[1]).sum() / 2
    return float(np.linalg.norm(b - a) / norms[0]), float(angle)


def _parameters(encoder: object) -> int:
    from torch import nn

    networks = [value for value in vars(encoder).values() if isinstance(value, nn.Module)]
    return sum(value.numel() for network in networks for value in network.parameters())


def _memory(cuda: bool) -> dict[str, float]:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss's unit
    peaks = {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20}
    if cuda:
        import torch

        peaks["device"] = torch.cuda.max_memory_allocated() / 2**20
    return peaks
