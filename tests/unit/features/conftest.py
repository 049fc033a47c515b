import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from merflow.corpus.manifest import COLUMNS
from merflow.encoders.encoder import Encoder
from merflow.faces.crops import TRACK, CropCodec, FaceClip
from merflow.faces.facts import Facts
from merflow.features.extract import extract_shard
from merflow.features.inputs import Crops, Sounds
from merflow.features.samples import samples_of_shard
from merflow.noise.draw import draw_noise
from merflow.noise.manifest import write_noise

VISUAL = [
    {"transform": "solarize", "magnitude": [100, 200]},
    {"transform": "cutout", "magnitude": [0.2, 0.5]},
]
NOISE = {"seed": 0, "copies": 2, "preset": "paper", "visual": VISUAL}
SPEC = {"architecture": "hubert", "batch": 4, "device": "cpu"}


@dataclass
class Stand(Encoder):
    """An encoder of simple statistics that notes what it was given."""

    modality: str = "audio"
    digest: str = "d" * 64
    layers: list = field(default_factory=lambda: ["0", "2", "10"])
    fails_after: int = 10**9
    seen: list = field(default_factory=list)

    def encode_prepared(self, batch):
        for given in batch:
            if len(self.seen) >= self.fails_after:
                raise KeyboardInterrupt
            self.seen.append(hashlib.sha256(given.tobytes()).hexdigest())
        return [self.encode_clip(given) for given in batch]

    def encode_clip(self, clip):
        given = np.asarray(clip, np.float64)
        moments = [given.mean(), given.std(), np.abs(given).max(), given.ravel()[::7].sum()]
        values = {"0": moments, "2": moments[:3], "10": [*moments, len(given)]}
        return {layer: np.array(vector, np.float32) for layer, vector in values.items()}


@dataclass
class Corpus:
    """A small corpus on disk, with noise and face crops."""

    folder: Path
    clips: list
    twins: tuple
    faceless: str

    @property
    def manifest(self):
        return self.folder / "manifest.csv"

    @property
    def noise(self):
        return self.folder / "noise.csv"

    def sha256(self, clip):
        return hashlib.sha256((self.folder / "raw" / f"{clip}.wav").read_bytes()).hexdigest()

    def extract(
        self, encoder, out, *, noise=False, shard=0, shards=1, store=None, known=None, **spec
    ):
        """Run one shard into the folder ``out`` and return its path."""
        samples = samples_of_shard(self.manifest, self.noise if noise else None, shard, shards)
        if encoder.modality == "audio":
            inputs = Sounds(self.folder / "raw", self.folder / "recordings", known)
        else:
            inputs = Crops([self.folder / "crops.safetensors"])
        path = self.folder / out / f"{shard}-of-{shards}.safetensors"
        store = self.folder / (store or f"{out}-store")
        extract_shard(encoder, SPEC | spec, samples, inputs, store, path)
        return path

    def write_manifest(self, clips):
        rows = [
            {"clip": clip, "path": f"{clip}.wav", "sha256": self.sha256(clip), "duration": "0.5"}
            | {"split": "test1" if clip.endswith("t") else "train", "emotion": "sad"}
            for clip in sorted(clips)
        ]
        table = pd.DataFrame(rows).reindex(columns=COLUMNS)
        table.to_csv(self.manifest, index=False)
        train = [clip for clip in clips if not clip.endswith("t")]
        write_noise(self.noise, draw_noise(NOISE, train, self.folder / "recordings"))

    def write_crops(self, recipe="faces-1"):
        items = {}
        for index, clip in enumerate(self.clips):
            frames = 0 if clip == self.faceless else 2 + index % 3
            draws = np.random.default_rng([index, 7] if clip not in self.twins else 7)
            frames = 3 if clip in self.twins else frames
            track = np.full((4, len(TRACK)), np.nan, np.float32)
            track[:frames, 6] = 0.9
            crops = draws.integers(0, 256, (frames, 112, 112, 3), dtype=np.uint8)
            items[self.sha256(clip)] = FaceClip(crops, track, Facts("largest"))
        CropCodec().write(self.folder / "crops.safetensors", items, recipe)


@pytest.fixture
def corpus(tmp_path):
    clips = [f"clip{index:02d}" for index in range(9)] + ["clip90t", "clip91t"]
    for folder in ("raw", "recordings"):
        (tmp_path / folder).mkdir()
    for index, clip in enumerate(clips):
        draws = np.random.default_rng(3 if clip in ("clip03", "clip05") else [index, 1])
        sound = draws.uniform(-0.3, 0.3, 3000 + 100 * (3 if clip == "clip05" else index))
        soundfile.write(tmp_path / "raw" / f"{clip}.wav", sound, 16000)
    for name in ("a.wav", "b.wav"):
        sound = np.random.default_rng(ord(name[0])).uniform(-0.3, 0.3, 8000)
        soundfile.write(tmp_path / "recordings" / name, sound, 16000)
    made = Corpus(tmp_path, clips, ("clip03", "clip05"), "clip06")
    assert made.sha256("clip03") == made.sha256("clip05")
    made.write_manifest(clips)
    made.write_crops()
    return made


def rows_of(path):
    """Return the rows of a feature shard as its metadata tell them."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["rows"])


def same(one, other):
    """Tell whether two feature tables hold the same rows and bits."""
    return (
        one.clips == other.clips
        and one.copies.tolist() == other.copies.tolist()
        and list(one.values) == list(other.values)
        and all(
            one.values[layer].tobytes() == other.values[layer].tobytes() for layer in one.values
        )
    )


@pytest.fixture
def stand():
    return Stand


@pytest.fixture
def tables_agree():
    return same


@pytest.fixture
def shard_rows():
    return rows_of
