"""A project whose runs are made up: labels, folds and predictions, and nothing else."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from merflow import cli
from merflow.compare.commands import group
from merflow.layout import Layout

ROOT = Path(__file__).resolve().parents[3]
CLASSES = ["neutral", "angry", "happy", "sad", "worried", "surprise"]
SIZES = {"train": 80, "test1": 40, "test2": 40}


class Project:
    """The project in the working folder."""

    def __init__(self):
        self.config = yaml.safe_load((ROOT / "presets" / "demo.yaml").read_text(encoding="utf-8"))
        self.config["report"]["bootstrap"]["draws"] = 300
        rng, rows = np.random.default_rng(5), []
        for split, count in SIZES.items():
            for k in range(count):
                emotion = CLASSES[rng.integers(0, 6)]
                rows.append((f"{split}_{k:03d}", split, emotion, float(rng.normal())))
        self.clips = pd.DataFrame(rows, columns=["clip", "split", "emotion", "valence"])
        self.write_settings()
        manifest, folds = Path(self.layout.manifest), Path(self.layout.folds)
        manifest.parent.mkdir(parents=True)
        self.clips.to_csv(manifest, index=False)
        own = self.clips[self.clips["split"] == "train"]
        pd.DataFrame({"clip": own["clip"], "fold": np.arange(len(own)) % 5}).to_csv(
            folds, index=False
        )

    @property
    def layout(self):
        return Layout(self.config)

    def write_settings(self):
        Path("params.yaml").write_text(yaml.safe_dump(self.config), encoding="utf-8")

    def predictions(self, seed, odds, seeds=(0, 1), splits=tuple(SIZES)):
        """Return predictions that are the better the higher the odds."""
        rng, rows = np.random.default_rng(seed), []
        for k, one in enumerate(self.clips.itertuples()):
            for fold in [k % 5] if one.split == "train" else range(5):
                for training in seeds:
                    logits = rng.normal(size=6)
                    logits[CLASSES.index(one.emotion)] += odds
                    chances = np.exp(logits) / np.exp(logits).sum()
                    said = one.valence + rng.normal() / max(odds, 0.5)
                    rows.append((one.clip, one.split, fold, training, *chances, said))
        columns = ["clip", "split", "fold", "seed", *(f"p_{name}" for name in CLASSES), "valence"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame[frame["split"].isin(splits)]

    def run(self, system, odds, augmentation="clean", seed=0, **how):
        """Make both prediction files of a run, as params.yaml says where."""
        for reading in ("honest", "organiser"):
            path = Path(self.layout.predictions()[f"{system}|{augmentation}|{reading}"])
            path.parent.mkdir(parents=True, exist_ok=True)
            self.predictions(seed, odds, **how).to_parquet(path, index=False)
        return path.parent

    def file(self, name, odds, seed=0, **how):
        self.predictions(seed, odds, **how).to_parquet(name, index=False)
        return name

    def commit(self):
        """Commit params.yaml and return the commit's name."""
        git("init", "-q")
        git("add", "params.yaml")
        git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "settings")
        return git("rev-parse", "HEAD").strip()

    def compare(self, *words):
        result = CliRunner().invoke(group, [*map(str, words)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, monkeypatch, capsys, *words):
        """Return the one sentence that the command line ends with."""
        monkeypatch.setattr("sys.argv", ["merflow", "compare", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        told = capsys.readouterr().err.strip()
        assert told.startswith("merflow: ")
        assert "Traceback" not in told
        return told


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "workflow").mkdir()
    for name in ("Snakefile", "presets", "workflow/schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return Project()


@pytest.fixture
def refused(project, monkeypatch, capsys):
    return lambda *words: project.refused(monkeypatch, capsys, *words)
