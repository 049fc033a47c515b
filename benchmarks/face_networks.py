"""What a frame costs in the face networks at full width: plain loops, and ours, in one run.

    python benchmarks/face_networks.py [--threads 1] [--frames 20] [--rounds 3]

All sides get the same crops, resize them with Pillow, take float32 and the same threads, and give
the mean over frames of every layer:

- frame by frame: one forward pass a frame, PyTorch's standard memory format, normalisations as
  they are;
- clip by clip: the same, one forward pass a clip;
- ours: `VisualEncoder`, the clips of a call together; then the same in bfloat16.

The sides alternate in rounds; a figure is the median round's wall milliseconds a frame, resizing
included. The errors are those of clip means against ours in float32, the worst of the clips.
Weights are drawn.
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from merflow.encoders import manet, resnet50_ferplus
from merflow.encoders.encoder import Vectors
from merflow.encoders.registry import layers_of
from merflow.encoders.visual import VisualEncoder

NETWORKS = {
    "resnet50_ferplus": (resnet50_ferplus.ResNet50FerPlus, resnet50_ferplus.pixels),
    "manet": (manet.MANet, manet.pixels),
}
CLIPS, SIDE = 2, 112
OURS, HALF = "ours", "ours, bfloat16"


def drawn(network: nn.Module) -> nn.Module:
    """Draw weights that keep activations in range, and set the statistics of normalisations."""
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, std=0.1)
            nn.init.uniform_(part.weight, 0.3, 0.7)
    return network.eval().requires_grad_(False)


def loop(network: nn.Module, pixels: Callable, clips: list, step: int) -> list[Vectors]:
    """Encode each clip in forward passes of ``step`` frames, in the standard memory format."""
    found = []
    with torch.inference_mode():
        for clip in clips:
            parts = [
                network(pixels(clip[start : start + step]).contiguous())
                for start in range(0, len(clip), step)
            ]
            found.append(
                {layer: torch.cat([p[layer] for p in parts]).mean(0).numpy() for layer in parts[0]}
            )
    return found


def sides_of(kind: str, clips: list) -> dict[str, Callable[[], list[Vectors]]]:
    """Return what encodes all clips, by side."""
    build, pixels = NETWORKS[kind]
    network, layers = drawn(build()), layers_of({"architecture": kind})
    ours = VisualEncoder(network, pixels, layers, "0" * 64, {})
    half = VisualEncoder(network, pixels, layers, "0" * 64, {"precision": "bfloat16"})
    return {
        "frame by frame": lambda: loop(network, pixels, clips, 1),
        "clip by clip": lambda: loop(network, pixels, clips, len(clips[0])),
        OURS: lambda: ours.encode(clips),
        HALF: lambda: half.encode(clips),
    }


def compare(kind: str, clips: list, rounds: int) -> None:
    """Time all sides of a network and print medians, ratios and errors."""
    sides = sides_of(kind, clips)
    found = {name: side() for name, side in sides.items()}  # the first pass is not timed
    frames = sum(len(clip) for clip in clips)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            times[name].append((time.perf_counter() - start) / frames * 1e3)
    medians = {name: statistics.median(value) for name, value in times.items()}
    print(f"{kind}, {torch.get_num_threads()} thread(s), ms a frame")
    for name, value in medians.items():
        print(f"  {name:16} {value:7.1f}   {value / medians[OURS]:5.2f} x ours")
    print(f"  {'error':20} {'frame by frame':>14} {'bfloat16':>9} {'cosine':>9}")
    for layer in found[OURS][0]:
        plain, _ = error(found, "frame by frame", layer)
        half, cosine = error(found, HALF, layer)
        print(f"  {layer:20} {plain:14.1e} {half:9.1e} {cosine:9.6f}")


def error(found: dict[str, list[Vectors]], side: str, layer: str) -> tuple[float, float]:
    """Return the largest relative L2 error against ours, and the smallest cosine."""
    errors, cosines = [], []
    for theirs, ours in zip(found[side], found[OURS], strict=True):
        a, b = (vectors[layer].astype(np.float64) for vectors in (theirs, ours))
        errors.append(np.linalg.norm(a - b) / np.linalg.norm(b))
        cosines.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return max(errors), min(cosines)


def main() -> None:
    """Compare the sides for both networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "1")))
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    draw = np.random.default_rng(0)
    shape = arguments.frames, SIDE, SIDE, 3
    clips = [draw.integers(0, 256, shape, dtype=np.uint8) for _ in range(CLIPS)]
    for kind in NETWORKS:
        compare(kind, clips, arguments.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak resident memory of the process, all sides together: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
