import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

FILES = ["predictions-organiser.parquet", "predictions-honest.parquet", "curves.csv"]


@pytest.fixture
def train(run, toy, tmp_path):
    """Return a function that writes a corpus, probes it and returns the run folder."""

    def call(name="run", corpus=None, layout=None, expect=0, **changes):
        corpus = corpus or toy.ToyCorpus()
        call.files = corpus.write(tmp_path / f"corpus-{name}", **(layout or {}))
        call.spec = toy.probe_spec(corpus, **changes)
        result = run("probes", "train", *call.files.options(call.spec, tmp_path / name))
        assert (result.exit_code != 0) == bool(expect), result.output
        call.result = result
        return tmp_path / name

    return call


def contents(folder):
    return [(folder / name).read_bytes() for name in FILES]


def test_each_layer_has_its_out_of_fold_rows(train, toy):
    corpus = toy.ToyCorpus()
    out = train(layers=["20", "18"])
    for reading in ("organiser", "honest"):
        frame = pd.read_parquet(out / f"predictions-{reading}.parquet")
        assert list(frame.columns)[:5] == ["layer", "clip", "split", "fold", "seed"]
        assert list(frame["layer"].unique()) == ["20", "18"]
        for _, rows in frame.groupby("layer"):
            assert set(rows["split"]) == {"train"}
            assert dict(zip(rows["clip"], rows["fold"], strict=True)) == corpus.fold
        said = frame[[f"p_{name}" for name in toy.CLASSES]]
        assert said.sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-12)
    curves = pd.read_csv(out / "curves.csv")
    assert list(curves) == [
        *["layer", "seed", "fold", "epoch", "loss", "loss_emotion", "loss_valence"],
        *["weighted_f1", "mse", "com"],
    ]
    assert len(curves) == 2 * corpus.folds * toy.TRAINING["epochs"]


def test_a_layer_does_not_depend_on_the_others(train):
    both = pd.read_parquet(train("both") / FILES[1])
    alone = pd.read_parquet(train("alone", layers=["19"]) / FILES[1])
    picked = both[both["layer"] == "19"].reset_index(drop=True)
    pd.testing.assert_frame_equal(picked, alone, check_exact=True)


def test_layers_are_compared_under_common_random_numbers(train, toy):
    """Two layers of the same content give the same predictions."""
    corpus = toy.ToyCorpus()
    corpus.values["HL", "19"] = corpus.values["HL", "18"]
    frame = pd.read_parquet(train(corpus=corpus) / FILES[1])
    one, other = (frame[frame["layer"] == n].drop(columns="layer") for n in ("18", "19"))
    assert np.array_equal(one.iloc[:, 4:].to_numpy(), other.iloc[:, 4:].to_numpy())


def test_rows_shards_and_processes_change_no_byte(train, tmp_path):
    plain = contents(train("plain"))
    assert contents(train("other", layout={"shards": 3, "shuffle": 4})) == plain
    arguments = train.files.options(train.spec, tmp_path / "again")
    command = [sys.executable, "-m", "merflow", "--threads", "1", "probes", "train", *arguments]
    subprocess.run(command, check=True, capture_output=True)
    assert contents(tmp_path / "again") == plain


def test_a_layer_that_tells_more_scores_more(train, toy):
    corpus = toy.ToyCorpus(train=48)
    noise = np.random.default_rng(1).standard_normal(corpus.values["HL", "20"].shape)
    corpus.values["HL", "20"] = noise.astype(np.float32)
    out = train(corpus=corpus, layers=["18", "20"], training={**toy.TRAINING, "epochs": 20})
    curves = pd.read_csv(out / "curves.csv", dtype={"layer": str})
    last = curves[curves["epoch"] == 20].groupby("layer")["com"].mean()
    assert last["18"] > 0.8
    assert last["18"] > last["20"] + 0.3


def test_a_visual_encoder_leaves_faceless_clips_out(train, toy):
    corpus = toy.ToyCorpus(faceless=("clip004",))
    out = train(corpus=corpus, encoder="RF", layers=["pooling"])
    assert "clip004" not in set(pd.read_parquet(out / FILES[1])["clip"])
    assert "left out, 1 training clips" in train.result.output


def test_without_valence_there_is_no_trace_of_it(train):
    out = train(valence=False)
    assert "valence" not in pd.read_parquet(out / FILES[0])
    assert "com" not in pd.read_csv(out / "curves.csv")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": []}, "'layers' is []"),
        ({"layers": ["18", "18"]}, "distinct layers"),
        ({"layers": ["99"]}, "no layer '99'"),
        ({"encoder": "XX"}, "no shard of the encoder XX"),
    ],
)
def test_what_cannot_be_probed_is_told_in_one_sentence(train, changes, words):
    train(expect=1, **changes)
    assert words in str(train.result.exception)
