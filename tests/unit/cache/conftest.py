"""A project with results as a run leaves them, small and made up."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from merflow.cache.unused import unused
from merflow.cache.used import named, used
from merflow.corpus.facts import FactsCodec
from merflow.faces.crops import CropCodec, FaceClip
from merflow.faces.facts import Facts
from merflow.features.file import Row, write_features
from merflow.layout import READINGS, Layout
from merflow.storage.atomic import hard_link
from merflow.storage.shards import kept_as

ROOT = Path(__file__).resolve().parents[3]
WIDTHS = {"0": 4, "1": 4}
CLIPS = ("a", "b", "c", "d")


class Made:
    """The project in the working folder."""

    def __init__(self, settings):
        self.layout = Layout(settings)

    def write(self, path, content=b"x" * 100):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
        return Path(path)

    def shard(self, path, store, rows=3):
        """Write a feature shard and its link in the store."""
        values = {k: np.ones((rows, width), np.float32) for k, width in WIDTHS.items()}
        named = [Row(f"clip{index}", "s" * 64, 0, 5) for index in range(rows)]
        self.write(path)
        write_features(Path(path), "r", [row.clip for row in named], named, values)
        return self.keep(path, store)

    def crops(self, path):
        self.write(path)
        crops, track = np.zeros((2, 112, 112, 3), np.uint8), np.zeros((3, 17), np.float32)
        clip = FaceClip(crops, track, Facts("largest", persons=1))
        CropCodec().write(Path(path), dict.fromkeys(CLIPS, clip), "r")
        return self.keep(path, "results/faces/store")

    def keep(self, path, store):
        kept = Path(store, f"{kept_as(Path(path))}.safetensors")
        hard_link(Path(path), kept)
        return kept

    def run(self, folder, recipe):
        """Write a run folder with the weights of one seed, and the seed in the store."""
        seed = Path("results/runs/store", recipe, "seed-0")
        self.write(seed / "honest.parquet")
        self.write(seed / "weights.safetensors", recipe.encode() * 50)
        for reading in READINGS:
            self.write(f"{folder}/predictions-{reading}.parquet")
        hard_link(seed / "weights.safetensors", Path(folder, "weights-seed0.safetensors"))

    def everything(self):
        """Write all that the settings use."""
        layout = self.layout
        self.write(layout.manifest)
        self.write(f"{layout.corpus}/raw/clips/train/a.mp4")
        facts = self.write("results/corpus/store/shard-00000000.json")
        FactsCodec().write(facts, {"a": {"duration": "1.0"}}, "r")
        self.write(layout.noise_manifest)
        self.write(layout.levels_manifest)
        for path in layout.levels_predictions(clean=False).values():
            self.write(path)
        for shard in layout.shards():
            self.crops(f"{layout.faces}/crops-{shard}.safetensors")
            self.write(f"{layout.faces}/tracks-{shard}.parquet")
        self.write(f"{layout.faces}/quality.csv")
        for name in layout.config["features"]["encoders"]:
            for file in layout.weight_files(name):
                self.write(file)
        for name, augmentation in layout.conditions(["clean", "noise"]):
            for path in layout.feature_shards(name, augmentation):
                self.shard(path, layout.feature_store(name))
        trained = [name for of in layout.trained.values() for name in of.runs]
        for number, name in enumerate([*trained, *layout.ensembles]):
            self.run(f"results/runs/{name}", f"{number:032x}")
        for name in layout.config["probes"]["encoders"]:
            for reading in READINGS:
                self.write(f"{layout.probe(name)}/predictions-{reading}.parquet")
            self.write(f"results/runs/store/probe-{name}/seed-0/honest.parquet")
        for name in ("runs/run.json", "runs/benchmarks/x.tsv", "logs/x.log", "metrics.json"):
            self.write(f"results/{name}")
        for name in ("tables/demo/table1.csv", "private/demo/faces.png", "manifests/corpus.json"):
            self.write(f"results/{name}")

    def used(self):
        return used(self.layout)

    def unused(self):
        return unused(Path("results"), self.used(), named(self.layout))

    def files(self):
        return {path.as_posix() for path in Path("results").rglob("*") if path.is_file()}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the preset small, as the working folder."""
    (tmp_path / "Snakefile").touch()
    for folder in ("presets", "workflow/schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "presets/small.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    made = Made(yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8")))
    made.everything()
    return made


@pytest.fixture
def spoil():
    def spoilt(path):
        with open(path, "r+b") as file:
            file.seek(-3, os.SEEK_END)
            file.write(b"!")

    return spoilt
