"""A small corpus of tables in the project's file formats, whose labels features can tell."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merflow.features.file import Row, write_features

CLASSES = ["neutral", "angry", "happy"]
CLASS_VALENCE = np.array([0.0, -2.5, 2.0])
MODALITIES = {"HL": "audio", "RF": "visual", "MR": "visual"}
FEATURES = ["HL(18)", "HL(19)", "HL(20)", "MR(block2)", "RF(pooling)"]
TRAINING = {
    "width": 16,
    "dropout": 0.3,
    "epochs": 6,
    "patience": None,
    "batch": 8,
    "learning_rate": 1.0e-2,
    "weight_decay": 1.0e-5,
    "selection": "folds",
    "precision": "float32",
    "seeds": [0],
}
NOUNS = pytest.mark.parametrize("noun", ["fusion", "probes"])


@dataclass
class ToyCorpus:
    """Tables in memory; ``write`` puts them into files.

    ``layers`` gives each encoder's layers and their dimension; ``faceless`` clips have no row in
    visual encoders.
    """

    train: int = 24
    test: int = 6
    folds: int = 3
    copies: int = 1
    layers: dict = field(
        default_factory=lambda: {
            "HL": (["18", "19", "20"], 6),
            "MR": (["block2"], 5),
            "RF": (["pooling"], 4),
        }
    )
    faceless: tuple = ()
    seed: int = 0

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        count = self.train + self.test
        self.clips = [f"clip{i:03d}" for i in range(count)]
        self.split = ["train"] * self.train + ["test1"] * self.test
        self.emotion = np.arange(count) % len(CLASSES)
        self.valence = CLASS_VALENCE[self.emotion] + 0.3 * rng.standard_normal(count)
        self.fold = {
            c: i // len(CLASSES) % self.folds for i, c in enumerate(self.clips[: self.train])
        }
        self.values, self.noisy = {}, {}
        for encoder, (layers, dim) in self.layers.items():
            for layer in layers:
                centres = rng.standard_normal((len(CLASSES), dim))
                clean = centres[self.emotion] + 0.3 * rng.standard_normal((count, dim))
                # An offset and a scale, as real features have.
                self.values[encoder, layer] = (5 + 3 * clean).astype(np.float32)
                noisy = clean[: self.train, None] + rng.standard_normal(
                    (self.train, self.copies, dim)
                )
                self.noisy[encoder, layer] = (5 + 3 * noisy).astype(np.float32)

    def manifest(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "clip": self.clips,
                "split": self.split,
                "emotion": [CLASSES[i] for i in self.emotion],
                "valence": self.valence,
                "speaker": "",
            }
        )

    def fold_table(self) -> pd.DataFrame:
        return pd.DataFrame({"clip": list(self.fold), "fold": list(self.fold.values())})

    def has(self, encoder: str, clip: str) -> bool:
        return MODALITIES[encoder] == "audio" or clip not in self.faceless

    def write(self, folder: Path, shards: int = 2, shuffle: int | None = None) -> "ToyFiles":
        """Write all files; ``shuffle`` seeds an order of the rows of both csv files."""
        folder.mkdir(parents=True, exist_ok=True)
        tables = {"manifest.csv": self.manifest(), "folds.csv": self.fold_table()}
        for name, table in tables.items():
            if shuffle is not None:
                table = table.sample(frac=1, random_state=shuffle)
            table.to_csv(folder / name, index=False, lineterminator="\n")
        files = ToyFiles(folder / "manifest.csv", folder / "folds.csv")
        for encoder, (layers, _) in self.layers.items():
            for shard in range(shards):
                mine = [
                    i
                    for i, c in enumerate(self.clips)
                    if i % shards == shard and self.has(encoder, c)
                ]
                path = folder / f"{encoder}-{shard}-of-{shards}.safetensors"
                values = {layer: self.values[encoder, layer][mine] for layer in layers}
                _write_shard(path, encoder, [(self.clips[i], 0) for i in mine], values)
                files.clean.append(f"{encoder}={path}")
                mine = [i for i in mine if i < self.train]
                keys = [(self.clips[i], 1 + k) for i in mine for k in range(self.copies)]
                path = folder / f"{encoder}-noise-{shard}-of-{shards}.safetensors"
                values = {
                    layer: np.concatenate([self.noisy[encoder, layer][i] for i in mine])
                    for layer in layers
                }
                _write_shard(path, encoder, keys, values)
                files.noise.append(f"{encoder}={path}")
        return files


@dataclass
class ToyFiles:
    """Where a written corpus lies; shards as the command line names them."""

    manifest: Path
    folds: Path
    clean: list = field(default_factory=list)
    noise: list = field(default_factory=list)

    def options(self, spec: dict, out: Path, noise: bool = False) -> list[str]:
        """Return the arguments of ``probes train``, or of ``fusion train`` for one system."""
        if "strategy" in spec:
            spec, out = {out.name: spec}, out.parent
        pairs = [("--spec", json.dumps(spec)), ("--manifest", self.manifest)]
        pairs += [("--folds", self.folds), ("--out", out), ("--store", out / "store")]
        pairs += [("--features", shard) for shard in self.clean]
        pairs += [("--noise-features", shard) for shard in self.noise if noise]
        return [str(part) for pair in pairs for part in pair]


def _write_shard(path, encoder, keys, values):
    rows = [Row(clip, f"digest-{clip}", copy, 10) for clip, copy in keys]
    write_features(
        path, f"recipe-{encoder}", [f"{clip}/{copy}" for clip, copy in keys], rows, values
    )


def system_spec(corpus: ToyCorpus, **changes) -> dict:
    """Return the settings of a fusion system on a toy corpus."""
    features = changes.get("features", FEATURES)
    spec = {
        "name": "toy",
        "features": features,
        "modalities": MODALITIES,
        "strategy": 1,
        "decoder": "baseline",
        "loss": "sum",
        "augmentation": "clean",
        "classes": CLASSES,
        "valence": True,
        "com": True,
        "tests": ["test1"],
        "fold_count": corpus.folds,
        "training": TRAINING,
        "afg": {"scores": "vector", "shared": False},
        "jdev": {"delta_init": 1.0, "branch_input": "probabilities"},
    }
    return spec | changes


def probe_spec(corpus: ToyCorpus, **changes) -> dict:
    """Return the settings of the probes of HL on a toy corpus."""
    spec = {
        "encoder": "HL",
        "layers": corpus.layers["HL"][0],
        "classes": CLASSES,
        "valence": True,
        "com": True,
        "tests": ["test1"],
        "fold_count": corpus.folds,
        "kind": "mlp",
        "training": TRAINING,
    }
    return spec | changes


def finite(folder):
    """Return the predictions of both readings, which are whole numbers, probabilities, valences."""
    frames = [
        pd.read_parquet(folder / f"predictions-{reading}.parquet")
        for reading in ("organiser", "honest")
    ]
    for frame in frames:
        numbers = frame.select_dtypes("number").to_numpy()
        assert np.isfinite(numbers).all()
    return frames
