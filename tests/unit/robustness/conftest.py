"""A toy corpus whose test clips are heard at several SNRs, and systems trained on it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import toy_corpus

from merflow.features.file import Row, write_features
from merflow.noise.manifest import NoiseRow, write_noise

LEVELS = [-5, 0, 20]
KEYS = ("classes", "valence", "com", "fold_count")


@dataclass
class Trained:
    """Run folders and everything that they are predicted from again.

    ``noisy``: of each audio feature an array [levels, test clips, dim].
    """

    folder: Path
    corpus: toy_corpus.ToyCorpus
    files: toy_corpus.ToyFiles
    systems: dict
    noisy: dict
    run: object
    ensembles: dict = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def level_files(self, shards=1, shuffle=None, drop=()):
        """Write the shards of the corrupted test clips and their draws; return the options."""
        tests = self.corpus.clips[self.corpus.train :]
        keys = [(clip, 1 + k) for clip in tests for k in range(len(LEVELS))]
        if shuffle is not None:
            keys = [keys[i] for i in np.random.default_rng(shuffle).permutation(len(keys))]
        rows = [
            NoiseRow(clip, copy, "a.wav", 7, LEVELS[copy - 1], "identity", 0.0, 0, "s" * 64)
            for clip, copy in keys
        ]
        draws = self.folder / "draws.csv"
        write_noise(draws, rows)
        options = ["--draws", draws]
        kept = [key for key in keys if key not in drop]
        for shard in range(shards):
            mine = kept[shard::shards]
            values = {
                layer: np.stack(
                    [self.noisy[encoder, layer][copy - 1, tests.index(clip)] for clip, copy in mine]
                )
                for encoder, layer in self.noisy
            }
            named = [Row(clip, f"digest-{clip}", copy, 10) for clip, copy in mine]
            path = self.folder / f"HL-levels-{shard}-of-{shards}.safetensors"
            labels = [f"{clip}/{copy}" for clip, copy in mine]
            write_features(path, "recipe-HL", labels, named, values)
            options += ["--noise-features", f"HL={path}"]
        return options

    def spec(self, **changes):
        told = {
            "split": "test1",
            "snr": LEVELS,
            "systems": self.systems,
            "ensembles": self.ensembles,
        } | changes
        names = [*told["systems"], *told["ensembles"]]
        return {"labels": {name: f"{name}.clean" for name in names}} | told

    def predict(self, out="out", levels=None, files=None, **changes):
        """Call the command; return its result."""
        files = files or self.files
        arguments = ["--spec", json.dumps(self.spec(**changes)), "--manifest", files.manifest]
        arguments += ["--folds", files.folds, "--runs", self.runs, "--out", self.folder / out]
        for shard in files.clean:
            arguments += ["--features", shard]
        return self.run("robustness", "predict", *arguments, *(levels or self.level_files()))

    def fuse(self, name, members):
        """Fuse members as an ensemble in a run folder."""
        folder = self.runs / name
        first = next(iter(self.systems.values()))
        spec = {key: first[key] for key in KEYS} | {"step": 0.25}
        arguments = ["--spec", json.dumps(spec), "--manifest", self.files.manifest]
        arguments += ["--folds", self.files.folds, "--out", folder / "predictions-honest.parquet"]
        arguments += ["--equal", folder / "equal.parquet"]
        arguments += ["--weights", folder / "weights-honest.json"]
        for member in members:
            arguments += ["--member", self.runs / member / "predictions-honest.parquet"]
        result = self.run("ensemble", "fuse", *arguments)
        assert result.exit_code == 0, result.output
        self.ensembles[name] = members


@pytest.fixture
def trained(run, toy, tmp_path):
    """Return a function that trains systems on a toy corpus: changes of the settings by name."""

    def call(corpus=None, files=None, **systems):
        corpus = corpus or toy.ToyCorpus()
        files = files or corpus.write(tmp_path / "corpus")
        specs = {
            name: toy.system_spec(corpus, name=name, **changes) for name, changes in systems.items()
        }
        for name, spec in specs.items():
            noise = spec["augmentation"] == "noise"
            result = run("fusion", "train", *files.options(spec, tmp_path / "runs" / name, noise))
            assert result.exit_code == 0, result.output
        rng = np.random.default_rng(5)
        noisy = {
            (encoder, layer): (
                values[corpus.train :][None] + rng.normal(0, 2, (len(LEVELS), corpus.test, 6))
            ).astype(np.float32)
            for (encoder, layer), values in corpus.values.items()
            if encoder == "HL"
        }
        return Trained(tmp_path, corpus, files, specs, noisy, run)

    return call
