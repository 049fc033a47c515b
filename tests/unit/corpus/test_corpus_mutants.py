"""Hundreds of strange and broken files go through the check and what follows it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from mutants.corpus import draw_scene, make_corpus
from mutants.mutant import USABLE, Mutant
from outside import changed, empty_places, found_in, tree_of

from merflow.features.read import read_layers
from merflow.media.reasons import REASONS
from merflow.media.sound import RATE

PROJECT = Path(__file__).parents[3]
TIME_S = 300
"""A run that takes longer hangs."""
MEMORY_MB = 600
"""Of a process that decodes any number of clips, however long or broken."""


@dataclass(frozen=True)
class Checked:
    """A corpus of mutants and what the check made of it."""

    folder: Path
    mutants: dict[str, Mutant]
    memory_mb: list[int]

    @property
    def manifest(self) -> pd.DataFrame:
        return table(self.folder / "out" / "manifest.csv")

    @property
    def quarantine(self) -> pd.DataFrame:
        return table(self.folder / "out" / "quarantine.csv")


def within(value: float, bounds: tuple[float, float], rounding: float) -> bool:
    """Say whether a length is between two, but for how it was rounded; all in s."""
    return bounds[0] - rounding <= value <= bounds[1] + rounding


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("clip")


def call(*command: str, env: Mapping[str, str] | None = None) -> str:
    """Run Python on modules of the tests and of the project; return what it printed."""
    paths = [str(PROJECT / "tests" / "unit"), str(PROJECT / "src")]
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=TIME_S,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    return done.stdout


def checked(scene: Any, folder: Path, every: int, shards: int = 3) -> Checked:
    mutants = make_corpus(scene, folder, every)
    said = call("-m", "mutants.run", "check", str(folder), str(folder / "out"), str(shards))
    return Checked(folder, mutants, json.loads(said.splitlines()[-1]))


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return draw_scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module", params=[8, pytest.param(1, marks=pytest.mark.slow)])
def corpus(request, scene, tmp_path_factory) -> Checked:
    """An eighth of the mutants, or all of them."""
    found = checked(scene, tmp_path_factory.mktemp("mutants") / "corpus", request.param)
    assert request.param > 1 or len(found.mutants) >= 300
    return found


def test_each_file_is_used_or_quarantined_and_none_twice(corpus: Checked):
    used, others = corpus.manifest, corpus.quarantine
    assert sorted([*used.index, *others.index]) == sorted(corpus.mutants)
    paths = {clip: mutant.path for clip, mutant in corpus.mutants.items()}
    for found in (used, others):
        assert found["path"].to_dict() == {clip: paths[clip] for clip in found.index}


def test_each_file_is_found_to_be_what_it_is(corpus: Checked):
    found = corpus.quarantine["reason"].to_dict()
    wrong = {
        mutant.path: found.get(clip, USABLE)
        for clip, mutant in corpus.mutants.items()
        if found.get(clip, USABLE) not in mutant.reasons
    }
    assert not wrong


def test_no_detail_is_empty_or_tells_where_the_corpus_lies(corpus: Checked):
    details = corpus.quarantine["detail"]
    assert (details != "").all()
    assert not details.str.contains(str(corpus.folder), regex=False).any()


def test_memory_stays_flat(corpus: Checked):
    assert max(corpus.memory_mb) < MEMORY_MB


def test_sound_clips_have_the_pictures_and_the_length_that_were_written(corpus: Checked):
    said = call("-m", "mutants.run", "read", str(corpus.folder), str(corpus.folder / "out"))
    found, memory_mb = json.loads(said.splitlines()[-1])
    assert sorted(found) == sorted(corpus.manifest.index)
    assert memory_mb < MEMORY_MB
    durations = corpus.manifest["duration"].astype(float)
    known = {clip: mutant for clip, mutant in corpus.mutants.items() if mutant.frames is not None}
    assert len(known) >= len(corpus.mutants) / 3
    wrong = {
        mutant.path: (found[clip], durations[clip])
        for clip, mutant in known.items()
        if found[clip][0] != mutant.frames
        or not within(durations[clip], mutant.length_s, 0.001)
        or not within(found[clip][1] / RATE, mutant.sound_s, 1 / RATE)
    }
    assert not wrong
    assert all(pictures > 0 and samples > 0 for pictures, samples in found.values())


def test_all_that_is_usable_gets_features_and_a_corrupted_clip_and_nothing_else_is_written(
    corpus: Checked, tmp_path
):
    out, places, before = tmp_path / "out", empty_places(tmp_path / "env"), tree_of(corpus.folder)
    step = ("-m", "mutants.run", "corrupt", str(corpus.folder), str(out))
    found, memory_mb = json.loads(call(*step, env=places).splitlines()[-1])
    clips = sorted(corpus.manifest.index)
    assert memory_mb < MEMORY_MB
    for name in ("clean", "noisy"):
        features = read_layers([out / f"{name}.safetensors"])
        assert features.clips == clips
        assert all(np.isfinite(values).all() for values in features.values.values())
    assert sorted(found) == clips
    written = {clip: mutant.frames for clip, mutant in corpus.mutants.items()}
    wrong = {clip for clip in clips if found[clip] != (written[clip] or found[clip])}
    assert not wrong
    assert changed(before, tree_of(corpus.folder)) == []
    assert found_in(places) == []
    assert {path.name for path in out.glob("*.mp4")} == {f"{clip}.mp4" for clip in clips}


def test_faces_are_looked_for_in_all_that_is_usable_and_every_reason_occurs(corpus: Checked):
    settings = yaml.safe_load((PROJECT / "presets" / "small.yaml").read_text(encoding="utf-8"))
    out = corpus.folder / "out"
    common = ["--manifest", str(out / "manifest.csv"), "--tracks", str(out / "tracks.parquet")]
    common += ["--facts", str(out / "facts.csv")]
    call(
        *("-m", "merflow", "faces", "crop", "--spec", json.dumps(settings["faces"]), *common),
        *("--root", str(corpus.folder / "root"), "--shard", "0", "--shards", "1"),
        *("--store", str(out / "faces"), "--crops", str(out / "crops.safetensors")),
    )
    written = ["--out", str(out / "quality.csv"), "--quarantine", str(out / "faceless.csv")]
    call("-m", "merflow", "faces", "quality", *common, *written)
    assert sorted(table(out / "quality.csv").index) == sorted(corpus.manifest.index)
    faceless = table(out / "faceless.csv")
    assert set(faceless["reason"]) | set(corpus.quarantine["reason"]) == set(REASONS)


def test_no_file_was_changed_and_none_is_new(corpus: Checked):
    root = corpus.folder / "root"
    there = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    made = [mutant.path for mutant in corpus.mutants.values() if mutant.make is not None]
    assert there <= {os.path.normpath(path) for path in made} | {"paths/up", "links/folder"}


@pytest.mark.parametrize("corpus", [pytest.param(1, marks=pytest.mark.slow)], indirect=True)
def test_the_same_seed_gives_the_same_lists_to_the_byte(corpus: Checked, scene, tmp_path):
    again = checked(scene, tmp_path / "again", 1, shards=2)
    for name in ("quarantine.csv", "manifest.csv"):
        written = (again.folder / "out" / name).read_bytes()
        assert written == (corpus.folder / "out" / name).read_bytes()
