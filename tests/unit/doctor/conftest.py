"""A miniature project with clips, noise and checkpoints, all of them sound."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from merflow.doctor import measure
from merflow.doctor.case import Case
from merflow.encoders.demo.write import write_demo
from merflow.media.mux import write_clip
from merflow.storage.digest import file_sha256

ROOT = Path(__file__).resolve().parents[3]
ENCODERS = {"HL": "hubert", "RF": "resnet50_ferplus", "MR": "manet"}
WIDTHS = {"HL": 16, "RF": 4, "MR": 8}
ROWS = [
    *(
        (f"clip{i:02d}", "train", ["happy", "sad"][i % 2], (i % 5) - 2, f"s{i % 4}")
        for i in range(12)
    ),
    *((f"test{i}", "test1", ["happy", "sad"][i % 2], i - 1, "s9") for i in range(4)),
]
COLUMNS = ["path", "split", "emotion", "valence", "speaker"]


class Project:
    """The project in the working folder, whose settings and files tests spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))

    def save(self) -> None:
        text = yaml.safe_dump(self.config)
        (self.folder / "params.yaml").write_text(text, encoding="utf-8")

    def case(self, **more: Any) -> Case:
        return Case(self.config, **more)

    def encoder(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.config["features"]["encoders"][name]
        return found

    def rows(self, change: Callable[[list[list[Any]]], None] | None = None) -> None:
        """Write the labels, changed in some way."""
        rows: list[list[Any]] = [[f"{name}.mp4", *rest] for name, *rest in ROWS]
        if change is not None:
            change(rows)
        with open("labels.csv", "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([COLUMNS, *rows])


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of .6 s, each of its own content."""
    folder, random = tmp_path_factory.mktemp("clips"), np.random.default_rng(1)
    for name, *_ in ROWS:
        frames = random.integers(0, 256, (6, 96, 96, 3), dtype=np.uint8)
        sound = 0.1 * random.standard_normal(9_600)
        write_clip(folder / f"{name}.mp4", frames, 10, sound, 16_000)
    return folder


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech in MUSAN's layout, 24 recordings of half a second."""
    folder, random = tmp_path_factory.mktemp("musan"), np.random.default_rng(2)
    (folder / "speech/librivox").mkdir(parents=True)
    for number in range(24):
        file = folder / f"speech/librivox/speech-librivox-{number:04d}.wav"
        soundfile.write(file, 0.1 * random.standard_normal(8_000), 16_000)
    return folder


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small checkpoint of each kind, with the names of the public ones."""
    folder = tmp_path_factory.mktemp("checkpoints")
    paths = {
        name: folder / (kind if kind == "hubert" else f"{kind}.pth")
        for name, kind in ENCODERS.items()
    }
    for name, kind in ENCODERS.items():
        demo = {"seed": 1, "width": WIDTHS[name], "speakers": 0, "steps": 0}
        write_demo(kind, {"layers": 3, "demo": demo}, paths[name])
    return paths


@pytest.fixture
def project(
    tmp_path: Path,
    clips: Path,
    recordings: Path,
    checkpoints: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    """A project of the adapter table, as the working folder."""
    folder = tmp_path / "project"
    (folder / "workflow").mkdir(parents=True)
    for name in ("Snakefile", "presets", "workflow/schemas"):
        (folder / name).symlink_to(ROOT / name)
    for source, name in ((clips, "clips"), (recordings, "musan")):
        shutil.copytree(source, folder / name)
    config = yaml.safe_load((ROOT / "presets/table.yaml").read_text(encoding="utf-8"))
    config["corpus"] |= {"root": "clips", "csv": "labels.csv", "classes": ["happy", "sad"]}
    config["corpus"] |= {"tests": ["test1"], "shards": len(ROWS)}
    config["corpus"]["folds"] = {"scheme": "speaker", "count": 2, "seed": 0}
    row = {"name": "Test", "split": "test1", "augmentation": "clean"}
    config["report"]["rows"].append(row)
    config["noise"]["root"] = "musan"
    for name, kind in ENCODERS.items():
        place = folder / "weights" / checkpoints[name].name
        copy = shutil.copytree if kind == "hubert" else shutil.copy
        place.parent.mkdir(exist_ok=True)
        copy(checkpoints[name], place)
        file = place / "model.safetensors" if kind == "hubert" else place
        spec = config["features"]["encoders"][name]
        spec |= {"weights": f"weights/{place.name}", "sha256": file_sha256(file)}
    config["features"]["encoders"]["HL"]["layers"] = 3
    for system in config["fusion"]["systems"]:
        numbered = {f"HL({layer})": f"HL({layer - 17})" for layer in (18, 19, 20)}
        system["features"] = [numbered.get(name, name) for name in system["features"]]
    (folder / "params.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(measure, "BUDGET_S", 0.1)
    made = Project(folder)
    made.rows()
    return made
