"""What extracting features costs: ours, a fair plain loop and the organisers' recipe, in one run.

    python benchmarks/features.py [--clips FOLDER] [--count 8] [--device cuda --precision bfloat16]

Networks have the public checkpoints' full size and random weights, written to a temporary folder
and loaded as the graph loads them. Clips are those of a folder, or spoken and drawn ones.

* recipe: as the challenge organisers' scripts go about it. Sounds as wav files, faces as bmp files
  in a DataLoader for each clip, float32, one clip at a time, and one layer kept of a pass: for all
  layers a pass each. One pass is timed and multiplied, and the line says so.
* fair: one clip at a time out of memory, same threads, same precision, all layers of one pass;
  faces frame by frame.
* ours: the encoder as the graph runs it, batches of clips, inputs read ahead.

Sides alternate in rounds; figures are medians. Decoding is timed apart: sound and pictures in one
pass over the file against two. On a GPU also: its busy share (nvidia-smi) and the arithmetic done
as a share of the largest matrix product's rate.
"""

import argparse
import resource
import statistics
import subprocess
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
from full_size import INPUTS, Clip, FaceFiles, Net, clips_of, nets
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

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
    audio = net.ours.modality == "audio"
    ahead = Ahead(
        lambda key: net.ours.prepare(clips[int(key)].sound if audio else clips[int(key)].crops),
        workers,
    )
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


def operations(net: Net, clips: list[Clip], device: torch.device) -> int:
    """Return the floating operations of all clips, nothing padded."""
    with FlopCounterMode(display=False) as counter:
        seconds(lambda: fair(net, clips, device, torch.float32), device)
    return counter.get_total_flops()


@contextmanager
def busy(device: torch.device) -> Iterator[list[float]]:
    """Sample the GPU's busy share while the block runs; nothing on a CPU."""
    shares: list[float] = []
    ended = threading.Event()
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

    def sample() -> None:
        while not ended.wait(0.1):
            answer = subprocess.run(query, capture_output=True, text=True, check=True).stdout
            shares.append(float(answer.split()[0]))

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
    parser.add_argument(
        "--encoders", nargs="+", choices=["HL", "RF", "MR"], default=["HL", "RF", "MR"]
    )
    given = parser.parse_args()
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
        for net in nets(given.encoders, scratch, given.device, given.precision):
            compare(net, clips, given, device, kind)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of this process, all sides together: {peak:.2f} GiB")
    if given.device == "cpu":
        print("on a GPU: not measured in this run")


def compare(
    net: Net, clips: list[Clip], given: argparse.Namespace, device: torch.device, kind: torch.dtype
) -> None:
    """Time the sides of one encoder and print them."""
    full = net.plain.to(device)
    flops = operations(net, clips[:2], device) / 2 * len(clips)
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
            with busy(device) as found:
                rounds[name].append(seconds(side, device))
            shares += found if name == "ours" else []
    spent = {name: statistics.median(found) / len(clips) for name, found in rounds.items()}
    spent["recipe, all layers"] = spent["recipe"] * net.layers
    print(f"{net.name}: {net.layers} layers")
    for name, one in spent.items():
        note = f" (one pass timed, x {net.layers})" if name == "recipe, all layers" else ""
        print(f"  {name:18} {1 / one:9.3f} clips/s   {one / spent['ours']:7.2f} x ours{note}")
    hours = spent["ours"] * MER2023["clips"] / 3600
    print(f"  ours for MER2023's {MER2023['clips']} clips: {hours:.2f} h on one such worker")
    rate, peak = flops / (spent["ours"] * len(clips)), matmul_rate(device, kind)
    print(
        f"  arithmetic: {rate / 1e12:.3f} TFLOP/s, {rate / peak:.0%} of a large matrix product's "
        f"{peak / 1e12:.3f}"
    )
    if shares:
        print(f"  GPU busy while ours runs: {statistics.mean(shares):.0f} %")


if __name__ == "__main__":
    main()
