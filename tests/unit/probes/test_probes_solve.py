"""``merflow probes train`` with linear probes, from files to files."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from merflow.probes.linear import PENALTIES


@pytest.fixture
def solve(run, toy, tmp_path):
    """Return a function that writes a corpus and solves its probes; gives the run folder."""

    def call(name="run", corpus=None, layout=None, **changes):
        corpus = corpus or toy.ToyCorpus()
        files = corpus.write(tmp_path / f"corpus-{name}", **(layout or {}))
        spec = toy.probe_spec(corpus, **{"kind": "linear", "training": {"seeds": [4]}, **changes})
        call.options = files.options(spec, tmp_path / name)
        call.result = run("probes", "train", *call.options)
        return tmp_path / name

    return call


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_those_of_trained_probes(solve, toy):
    out = solve()
    assert solve.result.exit_code == 0, solve.result.output
    assert set(contents(out)) == {
        *("predictions-organiser.parquet", "predictions-honest.parquet", "curves.csv")
    }
    for reading in ("organiser", "honest"):
        frame = pd.read_parquet(out / f"predictions-{reading}.parquet")
        assert list(frame["layer"].unique()) == ["18", "19", "20"]
        for _, rows in frame.groupby("layer"):
            assert dict(zip(rows["clip"], rows["fold"], strict=True)) == toy.ToyCorpus().fold
        assert set(frame["seed"]) == {4}
    curves = pd.read_csv(out / "curves.csv")
    assert len(curves) == 3 * toy.ToyCorpus().folds * len(PENALTIES)


def test_labels_that_features_tell_are_predicted(solve, toy):
    corpus = toy.ToyCorpus(train=60)
    frame = pd.read_parquet(solve(corpus=corpus) / "predictions-honest.parquet")
    index = [corpus.clips.index(clip) for clip in frame["clip"]]
    said = frame[[f"p_{name}" for name in toy.CLASSES]].to_numpy().argmax(axis=1)
    assert (said == corpus.emotion[index]).mean() > 0.9
    error = frame["valence"].to_numpy() - corpus.valence[index]
    assert np.mean(error**2) < 0.2 * corpus.valence.var()


def test_shards_and_the_order_of_rows_change_no_byte(solve):
    assert contents(solve("one")) == contents(solve("other", layout={"shards": 3, "shuffle": 5}))


def test_it_needs_no_torch(solve):
    solve()
    program = (
        "import json, sys; from merflow.cli import cli; "
        "cli(json.loads(sys.argv[1]), standalone_mode=False); assert 'torch' not in sys.modules"
    )
    arguments = json.dumps(["probes", "train", *solve.options])
    done = subprocess.run(
        [sys.executable, "-c", program, arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_another_kind_is_told(solve):
    solve(kind="square")
    assert "'kind' is 'square'" in str(solve.result.exception)
