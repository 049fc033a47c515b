import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from merflow.report.commands import group

CLASSES = ["neutral", "angry", "happy", "sad", "worried", "surprise"]
MEANS = dict(zip(CLASSES, (-0.1, -2.5, 1.8, -2.4, -1.0, -0.4), strict=True))
PAPER = ["mr_rf-baseline", "mr_rf-jdev", "fused-baseline", "fused-jdev"]
ROWS = [
    {"name": "Train&Val", "split": "train", "augmentation": "clean"},
    {"name": "MER-MULTI", "split": "test1", "augmentation": "clean"},
    {"name": "MER-NOISE", "split": "test2", "augmentation": "noise"},
]


def definitions() -> dict:
    """What the paper's systems and two of a user's own are made of."""
    faces, voice = ["MR(block2)", "RF(pooling)"], ["HL(18)", "HL(19)", "HL(20)"]
    found = {"mine": {"members": ["mr_rf-jdev", "hl-jdev"]}}
    for decoder, loss in (("baseline", "sum"), ("jdev", "paper")):
        how = {"decoder": decoder, "loss": loss}
        found[f"mr_rf-{decoder}"] = {"features": faces, "strategy": 1, "modalities": ["visual"]}
        found[f"hl-{decoder}"] = {"features": voice, "strategy": 1, "modalities": ["audio"]}
        for number in (1, 2, 3):
            made = {"features": [*voice, *faces], "strategy": number}
            found[f"all_s{number}-{decoder}"] = made | {"modalities": ["audio", "visual"]}
        for name in found:
            if name.endswith(f"-{decoder}"):
                found[name] |= how
        found[f"fused-{decoder}"] = {"members": [f"all_s{k}-{decoder}" for k in (1, 2, 3)]}
    return found


@dataclass
class Corpus:
    """A made-up corpus on disk, and predictions for it that are right with a given odds."""

    folder: Path
    clips: pd.DataFrame
    folds: dict[str, int]
    valence: bool
    classes: list[str]

    @property
    def spec(self) -> dict:
        return {
            "corpus": "made-up",
            "classes": self.classes,
            "valence": self.valence,
            "com": self.valence,
            "valence_name": "valence",
            "emotion_only": [],
            "tests": sorted(set(self.clips["split"]) - {"train"}),
            "fold_count": 5,
            "decimals": 4,
            "bootstrap": {"draws": 200, "seed": 0},
            "rows": ROWS,
            "note": None,
            "kind": "mlp",
            "training": {"epochs": 100, "patience": 10, "selection": "folds"},
            "definitions": definitions(),
            "digests": {"corpus": "made-up-01234567"},
            "seeds": {"fusion": [0]},
            "present": [],
        }

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.csv"

    @property
    def fold_file(self) -> Path:
        return self.folder / "folds.csv"

    def write(self) -> None:
        frame = self.clips.assign(speaker="", path=self.clips["clip"] + ".mp4", sha256="0")
        frame.to_csv(self.manifest, index=False)
        folds = pd.DataFrame({"clip": list(self.folds), "fold": list(self.folds.values())})
        folds.to_csv(self.fold_file, index=False)

    def predictions(self, name: str, odds: float, seeds=(0,), layer=None, shuffle=False) -> Path:
        rng = np.random.default_rng(hash_of(name))
        rows = []
        for clip, split, emotion, valence in self.clips[
            ["clip", "split", "emotion", "valence"]
        ].itertuples(index=False):
            folds = [self.folds[clip]] if split == "train" else range(5)
            for fold in folds:
                for seed in seeds:
                    logits = rng.normal(size=len(self.classes))
                    if emotion:
                        logits[self.classes.index(emotion)] += odds
                    p = np.exp(logits) / np.exp(logits).sum()
                    row = {"clip": clip, "split": split, "fold": fold, "seed": seed}
                    row |= {f"p_{c}": v for c, v in zip(self.classes, p, strict=True)}
                    if self.valence:
                        row["valence"] = (
                            0.0 if pd.isna(valence) else valence
                        ) + rng.normal() / max(odds, 0.5)
                    rows.append(row)
        frame = pd.DataFrame(rows)
        if layer is not None:
            frame.insert(0, "layer", layer)
        path = self.folder / f"{name.replace('|', '-')}.parquet"
        frame = frame.sample(frac=1, random_state=1) if shuffle else frame
        frame.to_parquet(path, index=False)
        return path


def hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def make(folder: Path, valence=True, tests=("test1", "test2"), train=60, test=25) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    rows, folds = [], {}
    for split, count in (("train", train), *((name, test) for name in tests)):
        for k in range(count):
            clip, emotion = f"clip_{split}_{k:03d}", CLASSES[rng.integers(0, 6)]
            told = round((MEANS[emotion] + rng.normal()) * 4) / 4 if valence else None
            rows.append({"clip": clip, "split": split, "emotion": emotion, "valence": told})
            if split == "train":
                folds[clip] = k % 5
    corpus = Corpus(folder, pd.DataFrame(rows), folds, valence, CLASSES)
    corpus.write()
    return corpus


@dataclass
class Report:
    """The commands, run on a corpus."""

    corpus: Corpus

    def call(self, verb: str, spec: dict, *arguments: object) -> str:
        words = [verb, "--spec", json.dumps(spec), *map(str, arguments)]
        result = CliRunner().invoke(group, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def metrics(self, files: dict[str, Path], out="metrics.json", quarantines=(), **changed):
        """Run ``report metrics``; return ``scores.json``, and the scores by fold."""
        corpus, folder = self.corpus, self.corpus.folder
        arguments = ["--manifest", corpus.manifest, "--folds", corpus.fold_file]
        for label, path in files.items():
            arguments += ["--predictions", f"{label}={path}"]
        for path in quarantines:
            arguments += ["--quarantine", path]
        arguments += ["--out", folder / "scores.csv", "--out-json", folder / out]
        arguments += ["--out-scores", folder / "scores.json"]
        self.call("metrics", corpus.spec | changed, *arguments)
        document = json.loads((folder / "scores.json").read_text())
        return document, pd.read_csv(folder / "scores.csv")

    def table(self, verb: str, systems: list[str], **changed):
        """Run one of the table commands; return csv and Markdown."""
        folder = self.corpus.folder
        csv, page = folder / f"{verb}.csv", folder / f"{verb}.md"
        arguments = ["--scores", folder / "scores.json", "--out-csv", csv, "--out-md", page]
        self.call(verb, self.corpus.spec | {"systems": systems} | changed, *arguments)
        return pd.read_csv(csv, keep_default_na=True), page.read_text()


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    return make(tmp_path / "corpus")


@pytest.fixture
def report(corpus) -> Report:
    return Report(corpus)


@pytest.fixture
def make_report(tmp_path):
    """Return a factory of reports on corpora of another shape."""
    return lambda **shape: Report(make(tmp_path / "other", **shape))


def both(corpus: Corpus, name: str, odds: float, **how) -> dict[str, Path]:
    """Both readings of a system, trained clean and with noise."""
    return {
        f"{name}|{augmentation}|{reading}": corpus.predictions(
            f"{name}-{augmentation}-{reading}", odds + (reading == "organiser") * 0.3, **how
        )
        for augmentation in ("clean", "noise")
        for reading in ("honest", "organiser")
    }


@pytest.fixture(scope="session")
def scored(tmp_path_factory):
    """A report with metrics of four of the paper's systems, one of the user's own, one variant."""
    report = Report(make(tmp_path_factory.mktemp("scored")))
    files = {}
    for name in (*PAPER, "mine", "fused-jdev (equal weights)"):
        files |= both(report.corpus, name, 1.0)
    metrics, _ = report.metrics(files)
    return report, metrics


@pytest.fixture
def trained():
    """Return the function that makes all four prediction files of a system."""
    return both
