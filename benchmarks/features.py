"""What extracting features costs: ours, a fair plain loop and the organisers' recipe, in one run.

    python benchmarks/features.py [--clips FOLDER] [--count 8] [--threads 1]
    python benchmarks/features.py --device cuda --precision bfloat16 --count 256 --batch 64

Networks have the public checkpoints' full size and random weights, written to a temporary folder
and loaded as the graph loads them. Clips are those of a folder (faces: the middle of the picture),
or noise of 2 to 6 s.

* recipe: as the challenge organisers' scripts go about it. Sounds as wav files, faces as bmp files
  in a DataLoader for each clip, float32, one clip at a time, and one layer kept of a pass: for all
  layers a pass each. One pass is timed and multiplied, and the line says so.
* fair: one clip at a time out of memory, same threads, same precision, all layers of one pass;
  faces frame by frame.
* ours: batches of clips through the encoder as the graph runs it, normalised and resized ahead in
  workers. Decoding and the store's writing are not in it; decoding is timed apart, sound and
  pictures in one pass over the file against two, as merflow does it.

Sides alternate in rounds; figures are medians. All have the memory settings of the graph's jobs,
unless --plain-memory is given. Arithmetic is counted on the two first clips and scaled by length
(a fused attention counts as none on a CPU). On a GPU also: its busy share, from nvidia-smi; the
recipe runs with PyTorch's own settings there.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import torch
from full_size import FPS, INPUTS, Clip, FaceFiles, Net, clips_of, nets
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from merflow.environment import MEMORY
from merflow.features.ahead import Ahead
from merflow.media.container import decoded, opened, picture_stream, sound_stream
from merflow.media.sound import RATE, Resampler, read_sound
from merflow.media.video import iterate_frames

NAMES = ["HL", "RF", "MR"]
MER2023 = {"clips": 3373 + 411 + 412, "seconds": 3.98}  # clips, mean length


def recipe(net: Net, clips: list[Clip], device: torch.device) -> None:
    """One layer of every clip, as the organisers' scripts do it."""
    for clip in clips:
        if net.name == "HL":
            with wave.open(str(clip.wav), "rb") as file:
                sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
            net_input = torch.from_numpy(_normal(sound.astype(np.float32)))[None].to(device)
            states = net.plain(net_input, output_hidden_states=True).hidden_states
            states[24][0].mean(dim=0).cpu().numpy()
        else:
            files = FaceFiles(clip.faces, INPUTS[net.name])
            parts = [
                net.plain(batch.to(device))[net.ours.layers[-1]].cpu().numpy()
                for batch in DataLoader(files, batch_size=32)
            ]
            np.concatenate(parts).mean(axis=0)


def fair(net: Net, clips: list[Clip], device: torch.device, kind: torch.dtype) -> None:
    """All layers of every clip in a loop out of memory, nothing batched."""
    for clip in clips:
        if net.name == "HL":
            net_input = torch.from_numpy(_normal(clip.sound))[None].to(device, kind)
            states = net.plain(net_input, output_hidden_states=True).hidden_states
            [state[0].float().mean(dim=0).cpu().numpy() for state in states]
        else:
            shape = INPUTS[net.name]
            frames = [
                net.plain(shape(Image.fromarray(crop))[None].to(device, kind))
                for crop in clip.crops
            ]
            for layer in net.ours.layers:
                torch.cat([frame[layer] for frame in frames]).float().mean(dim=0).cpu().numpy()


def ours(net: Net, clips: list[Clip], batch: int, workers: int) -> None:
    """All layers of every clip, as the graph does it."""
    ahead = Ahead(lambda key: net.ours.prepare(given_to(net, clips[int(key)])), workers)
    order = sorted(range(len(clips)), key=lambda index: -len(clips[index].sound))
    keys = [str(index) for index in order]
    batches = [keys[start : start + batch] for start in range(0, len(keys), batch)]
    ahead.plan(batches)
    for chosen in batches:
        net.ours.encode_finite(ahead.take(chosen))
    ahead.close()


def _normal(sound: np.ndarray) -> np.ndarray:
    return (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return the wall seconds of one call."""
    start = time.perf_counter()
    with torch.inference_mode():
        work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def matmul_rate(device: torch.device, kind: torch.dtype) -> float:
    """Return the floating operations a second of a large matrix product."""
    side = 8192 if device.type == "cuda" else 2048
    one = torch.randn(side, side, device=device).to(kind)
    other = one.t().contiguous()
    repeats = 50 if device.type == "cuda" else 3
    seconds(lambda: one @ other, device)
    spent = seconds(lambda: [one @ other for _ in range(repeats)], device)
    return 2 * side**3 * repeats / spent


def operations(net: Net, clips: list[Clip], device: torch.device) -> float:
    """Return the floating operations of all clips, scaled from two by length; nothing padded."""

    def size(some: list[Clip]) -> int:
        return sum(len(clip.sound if net.name == "HL" else clip.crops) for clip in some)

    with FlopCounterMode(display=False) as counter:
        seconds(lambda: fair(net, clips[:2], device, torch.float32), device)
    return counter.get_total_flops() * size(clips) / size(clips[:2])


def flags() -> tuple[bool, bool, bool, bool]:
    """Return how CUDA computes now: TF32 in convolutions and products, determinism, search."""
    cudnn = torch.backends.cudnn
    products = torch.backends.cuda.matmul.allow_tf32
    return cudnn.allow_tf32, products, cudnn.deterministic, cudnn.benchmark


def set_flags(wanted: tuple[bool, bool, bool, bool]) -> None:
    """Set what :func:`flags` returned."""
    cudnn = torch.backends.cudnn
    cudnn.allow_tf32, products, cudnn.deterministic, cudnn.benchmark = wanted
    torch.backends.cuda.matmul.allow_tf32 = products


@contextmanager
def busy(device: torch.device) -> Iterator[list[float]]:
    """Sample the GPU's busy share while the block runs; nothing on a CPU."""
    shares: list[float] = []
    ended = threading.Event()
    card = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    query = ["nvidia-smi", f"--id={card}", "--query-gpu=utilization.gpu"]
    query.append("--format=csv,noheader,nounits")

    def sample() -> None:
        while not ended.wait(0.1):
            answer = subprocess.run(query, capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                shares.append(float(answer.stdout))

    thread = threading.Thread(target=sample)
    if device.type == "cuda":
        thread.start()
    try:
        yield shares
    finally:
        ended.set()
        if device.type == "cuda":
            thread.join()


def decoding(files: list[Path]) -> None:
    """Print what decoding costs: sound and pictures in one pass, or in two."""

    def one_pass(path: Path) -> None:
        resampler = Resampler()
        with opened(path) as container:
            streams = [picture_stream(container, path), sound_stream(container, path)]
            for frame in decoded(container, streams):
                if isinstance(frame, av.AudioFrame):
                    resampler.feed(frame)
                else:
                    frame.to_ndarray(format="rgb24", threads=1)
        resampler.flush()

    cpu = torch.device("cpu")
    sides = {
        "one pass": lambda: [one_pass(path) for path in files],
        "sound alone": lambda: [read_sound(path) for path in files],
        "pictures alone": lambda: [sum(1 for _ in iterate_frames(path, None)) for path in files],
    }
    spent = {name: min(seconds(side, cpu) for _ in range(3)) for name, side in sides.items()}
    apart = spent["sound alone"] + spent["pictures alone"]
    told = (f"{name} {one / len(files) * 1e3:.1f}" for name, one in spent.items())
    print(f"decoding, ms a clip: {', '.join(told)}")
    print(f"  two passes cost {apart / spent['one pass']:.2f} x one")


def main() -> None:
    """Time all sides and print rates, ratios, and what MER2023 would take."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, help="folder of clips; default: noise of 2 to 6 s")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--batch", type=int, default=8, help="clips of ours that go together")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--encoders", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--plain-memory", action="store_true", help="the C library's own settings")
    given = parser.parse_args()
    if not given.plain_memory and not MEMORY.items() <= os.environ.items():
        # The C library reads its settings when a process starts.
        command = [sys.executable, *sys.argv]
        os.execve(sys.executable, command, os.environ | MEMORY)  # noqa: S606 - no shell is wanted
    torch.set_num_threads(given.threads)
    device, kind = torch.device(given.device), getattr(torch, given.precision)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        files, clips = clips_of(given.clips, given.count, scratch)
        length = sum(len(clip.sound) for clip in clips) / RATE
        frames = sum(len(clip.crops) for clip in clips)
        print(
            f"{len(clips)} clips, each {length / len(clips):.2f} s and {frames / len(clips):.1f} "
            f"faces; {given.device}, {given.threads} thread(s), ours and fair in {given.precision}"
        )
        if files:
            decoding(files)
        plain = flags()
        for net in nets(given.encoders, scratch, given.device, given.precision):
            compare(net, clips, given, device, kind, plain)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of this process, all sides together: {peak:.2f} GiB")
    if given.device == "cpu":
        print("on a GPU: not measured in this run")


def compare(
    net: Net,
    clips: list[Clip],
    given: argparse.Namespace,
    device: torch.device,
    kind: torch.dtype,
    plain: tuple[bool, bool, bool, bool],
) -> None:
    """Time the sides of one encoder and print them."""
    full, own = net.plain.to(device), flags()
    flops = operations(net, clips, device)
    sides = {
        "recipe": lambda: recipe(net, clips, device),
        "fair": lambda: fair(net, clips, device, kind),
        "ours": lambda: ours(net, clips, given.batch, given.workers),
    }
    rounds: dict[str, list[float]] = {name: [] for name in sides}
    shares: list[float] = []
    seconds(lambda: ours(net, clips[:1], 1, 0), device)
    for _ in range(given.rounds):
        for name, side in sides.items():
            net.plain = full.to(torch.float32 if name == "recipe" else kind)
            set_flags(plain if name == "recipe" else own)
            with busy(device) as found:
                rounds[name].append(seconds(side, device))
            shares += found if name == "ours" else []
    spent = {name: statistics.median(found) / len(clips) for name, found in rounds.items()}
    spent["recipe, all layers"] = spent["recipe"] * net.layers
    print(f"{net.name}: {net.layers} layers")
    for name, one in spent.items():
        note = f" (one pass timed, x {net.layers})" if name == "recipe, all layers" else ""
        print(f"  {name:18} {1 / one:9.3f} clips/s   {one / spent['ours']:7.2f} x ours{note}")
    told_for_mer2023(net, clips, spent["ours"])
    rate, peak = flops / (spent["ours"] * len(clips)), matmul_rate(device, kind)
    print(
        f"  arithmetic: {rate / 1e12:.3f} TFLOP/s, {rate / peak:.0%} of a large matrix product's "
        f"{peak / 1e12:.3f}"
    )
    if device.type == "cuda":
        share = f"{statistics.mean(shares):.0f} %" if shares else "not measured, no nvidia-smi"
        print(f"  GPU busy while ours runs: {share}")


def told_for_mer2023(net: Net, clips: list[Clip], spent: float) -> None:
    """Print hours and bytes for MER2023, by seconds of sound or by faces."""
    if net.name == "HL":
        unit = spent * len(clips) / sum(len(clip.sound) / RATE for clip in clips)
        units = MER2023["clips"] * MER2023["seconds"]
    else:
        unit = spent * len(clips) / sum(len(clip.crops) for clip in clips)
        units = MER2023["clips"] * MER2023["seconds"] * FPS
    width = sum(len(vector) for vector in net.ours.encode([given_to(net, clips[0])])[0].values())
    print(
        f"  MER2023, {MER2023['clips']} clips: {unit * units / 3600:.2f} h"
        f" on one such worker, {width * 4 * MER2023['clips'] / 1e6:.0f} MB"
    )


def given_to(net: Net, clip: Clip) -> np.ndarray:
    """Return what an encoder takes of a clip."""
    return clip.sound if net.ours.modality == "audio" else clip.crops


if __name__ == "__main__":
    main()
