"""The feature cache at MER2023's size: disk, writing, one layer against all, ten more clips.

    python benchmarks/cache.py [--clips 4196] [--layers 25] [--dims 1024] [--shards 16] [--batch 8]

Random vectors stand for an encoder, so that the times are the cache's own. Files lie in a temporary
folder and were just written, so reading is from memory: what is compared is work, not disks.
"""

import argparse
import contextlib
import hashlib
import io
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from merflow.encoders.encoder import Encoder, Vectors
from merflow.features.extract import extract_shard
from merflow.features.file import Row, write_features
from merflow.features.inputs import Sounds
from merflow.features.read import read_layers
from merflow.features.samples import Sample
from merflow.storage.shards import shard_of


class Random(Encoder):
    """Gives vectors that follow from the clip and cost little."""

    modality = "audio"
    digest = "0" * 64

    def __init__(self, layers: int, dims: int) -> None:
        """Draw one matrix, of which each clip gets a shifted copy."""
        self.layers = [str(layer) for layer in range(layers)]
        self._drawn = np.random.default_rng(0).normal(size=(layers, dims)).astype(np.float32)
        self.given = 0

    def encode_prepared(self, prepared: Sequence[np.ndarray]) -> list[Vectors]:
        """Return one vector per layer for each clip."""
        self.given += len(prepared)
        return [
            {layer: self._drawn[k] + clip[0] for k, layer in enumerate(self.layers)}
            for clip in prepared
        ]


class Named(Sounds):
    """Sounds that follow from the clip's digest."""

    def load(self, sample: Sample) -> np.ndarray:
        """Return 20 numbers."""
        return np.frombuffer(bytes.fromhex(sample.sha256)[:20], np.uint8).astype(np.float32)


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Return the seconds of the fastest of some calls."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Write, read and grow a cache; print figures and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"clips": 4196, "layers": 25, "dims": 1024, "shards": 16, "batch": 8, "leftovers": 0}
    for name, value in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="merflow-cache-") as name:
        folder = Path(name)
        encoder = Random(asked.layers, asked.dims)
        base = peak_mb()

        def extract(clips: int) -> list[Path]:
            samples: list[list[Sample]] = [[] for _ in range(asked.shards)]
            for number in range(clips):
                clip = f"sample_{number:08d}"
                digest = hashlib.sha256(clip.encode()).hexdigest()
                samples[shard_of(clip, asked.shards)].append(Sample(clip, digest, clip, 1.0))
            paths = [folder / f"{k}-of-{asked.shards}.safetensors" for k in range(asked.shards)]
            spec = {"architecture": "hubert", "layers": asked.layers - 1, "batch": asked.batch}
            with contextlib.redirect_stdout(io.StringIO()):
                for path, chosen in zip(paths, samples, strict=True):
                    extract_shard(encoder, spec, chosen, Named(folder, None), folder / "s", path)
            return paths

        values = asked.clips * asked.layers * asked.dims * 4
        writing = timed(lambda: extract(asked.clips))
        paths = extract(asked.clips)
        on_disk = sum(path.stat().st_size for path in paths)
        plain = folder / "plain.npy"
        matrix = np.zeros((asked.clips, asked.layers, asked.dims), np.float32)
        saving = timed(lambda: np.save(plain, matrix))
        del matrix
        plain.unlink()
        print(f"{asked.clips} clips x {asked.layers} layers x {asked.dims}, {asked.shards} shards")
        print(f"on disk {on_disk / 1e6:.1f} MB, {on_disk / values:.4f} of the values alone")
        print(
            f"written in {writing:.1f} s, batches of {asked.batch}; "
            f"np.save of one array without parts {saving:.1f} s, ratio {writing / saving:.1f}"
        )
        print(f"peak memory {peak_mb():.0f} MB (before the first shard {base:.0f} MB)")
        layer = str(asked.layers // 2)
        one = timed(lambda: read_layers(paths, [layer]), 3)
        proving = timed(lambda: read_layers(paths), 3)
        whole = timed(lambda: [path.read_bytes() for path in paths], 3)
        print(
            f"one layer of all shards, proved: {one:.3f} s; all layers: {proving:.3f} s, "
            f"ratio {proving / one:.1f}"
        )
        print(f"bytes of whole files, nothing proved: {whole:.3f} s, ratio {whole / one:.1f}")
        nothing = timed(lambda: extract(asked.clips))
        before = encoder.given
        adding = timed(lambda: extract(asked.clips + 10))
        print(
            f"ten more clips: {adding:.1f} s, {encoder.given - before} computed; "
            f"no more clips: {nothing:.1f} s; of writing all {adding / writing:.2f}"
        )
        if asked.leftovers:
            rows = [Row(f"clip{k}", "0" * 64, 0, 1) for k in range(asked.batch)]
            values_of = {k: np.zeros((asked.batch, asked.dims), np.float32) for k in encoder.layers}
            for number in range(asked.leftovers):
                part = folder / "s" / f"part-00000000-{number:08x}.safetensors"
                write_features(part, "other", [row.clip for row in rows], rows, values_of)
            more = timed(lambda: extract(asked.clips + 10))
            print(f"with {asked.leftovers} parts of others in the store: {more:.1f} s")


if __name__ == "__main__":
    main()
