import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from merflow.errors import MerflowError
from merflow.report.commands import group
from merflow.report.sums import METRICS


@pytest.fixture
def tiny_files(make_report):
    """Two classes, two folds, one test; every number below is worked by hand."""
    report = make_report(train=1, test=1, tests=())
    corpus = report.corpus
    corpus.classes = ["a", "b"]
    corpus.clips = pd.DataFrame(
        [
            ("t0", "train", "a", 1.0),
            ("t1", "train", "b", -1.0),
            ("t2", "train", "a", 2.0),
            ("t3", "train", "b", -2.0),
            ("x", "test1", "a", 2.5),
            ("y", "test1", "b", -1.0),
        ],
        columns=["clip", "split", "emotion", "valence"],
    )
    corpus.folds = {"t0": 0, "t1": 0, "t2": 1, "t3": 1}
    corpus.write()
    rows = [
        ("t0", "train", 0, 0.9, 1.0),
        ("t1", "train", 0, 0.8, 0.0),
        ("t2", "train", 1, 0.7, 2.0),
        ("t3", "train", 1, 0.1, -2.0),
        ("x", "test1", 0, 0.4, 1.0),
        ("x", "test1", 1, 0.9, 3.0),
        ("y", "test1", 0, 0.9, -1.0),
        ("y", "test1", 1, 0.4, 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["clip", "split", "fold", "p_a", "valence"])
    return report, frame.assign(seed=0, p_b=1 - frame["p_a"])


def scores_of(report, frame):
    path = report.corpus.folder / "tiny.parquet"
    frame.to_parquet(path, index=False)
    return report.metrics({"s|clean|honest": path}, fold_count=2)[0]


@pytest.fixture
def tiny(tiny_files):
    return scores_of(*tiny_files)


def test_train_and_val_is_the_mean_of_the_folds(tiny):
    scores = tiny["systems"]["s"]["clean"]["honest"]["train"]
    # Fold 0: F1 of a is 2/3, of b 0; MSE 1/2. Fold 1: all right.
    assert scores["weighted_f1"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-4)
    assert scores["mse"] == pytest.approx(0.25)
    assert scores["com"] == pytest.approx(2 / 3 - 0.0625, abs=1e-4)
    assert scores["clips"] == 4


def test_pooled_score_is_over_all_out_of_fold_predictions(tiny):
    pooled = tiny["systems"]["s"]["clean"]["honest"]["train"]["pooled"]
    assert pooled["weighted_f1"] == pytest.approx(0.5 * 4 / 5 + 0.5 * 2 / 3, abs=1e-4)
    assert pooled["mse"] == pytest.approx(0.25)


def test_a_test_set_is_scored_on_the_mean_of_the_folds_models(tiny):
    scores = tiny["systems"]["s"]["clean"]["honest"]["test1"]
    # x: mean p_a .65 -> a, right; valence 2. y: mean p_a .65 -> a, wrong; valence 0.
    assert scores["weighted_f1"] == pytest.approx(1 / 3, abs=1e-4)
    assert scores["mse"] == pytest.approx((0.25 + 1) / 2)
    assert "pooled" not in scores


def test_no_single_fold_s_model_has_the_scores_of_their_mean(tiny_files):
    report, frame = tiny_files
    # Fold 0: both wrong. Fold 1: both right.
    for fold, f1, mse in ((0, 0.0, (1.5**2 + 0) / 2), (1, 1.0, (0.5**2 + 2**2) / 2)):
        own = frame[(frame["split"] == "train") | (frame["fold"] == fold)]
        scores = scores_of(report, own)["systems"]["s"]["clean"]["honest"]["test1"]
        assert scores["weighted_f1"] == f1
        assert scores["mse"] == pytest.approx(mse)


def test_reference_predictors_come_from_the_training_labels(tiny):
    constant = tiny["references"]["constant"]["test1"]
    assert constant["weighted_f1"] == pytest.approx(1 / 3, abs=1e-4)
    assert constant["mse"] == pytest.approx((2.5**2 + 1) / 2)
    true_class = tiny["references"]["true_class"]["test1"]
    assert true_class["weighted_f1"] == 1
    assert true_class["mse"] == pytest.approx((1 + 0.25) / 2)


def test_scores_are_means_over_seeds(corpus, report):
    path = corpus.predictions("s", 1.0, seeds=(0, 1))
    both, _ = report.metrics({"s|clean|honest": path})
    frame = pd.read_parquet(path)
    single = []
    for seed in (0, 1):
        own = corpus.folder / f"seed{seed}.parquet"
        frame[frame["seed"] == seed].to_parquet(own, index=False)
        found, _ = report.metrics({"s|clean|honest": own})
        single.append(found["systems"]["s"]["clean"]["honest"])
    for split in ("train", "test1", "test2"):
        mean = np.mean([scores[split]["com"] for scores in single])
        scored = both["systems"]["s"]["clean"]["honest"][split]["com"]
        assert scored == pytest.approx(mean, abs=1.01e-4)


def test_scores_json_has_every_metric_with_its_interval(corpus, report):
    found, table = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0, seeds=(0, 1))})
    by_split = found["systems"]["s"]["clean"]["honest"]
    assert "pooled" not in by_split["test1"]
    for split, parts in (("train", ("mean", "pooled")), ("test1", ("mean",))):
        for part in parts:
            scores = by_split[split] if part == "mean" else by_split[split]["pooled"]
            assert set(scores["interval"]) == {*METRICS, "f1"}
            assert set(scores["f1"]) == set(scores["interval"]["f1"]) == set(corpus.classes)
            own = table[(table["split"] == split) & (table["part"] == part)].set_index("metric")
            for name in METRICS:
                low, high = scores["interval"][name]
                assert low < scores[name] < high
                row = [own.loc[name, column] for column in ("value", "low", "high")]
                assert row == pytest.approx([scores[name], low, high], abs=5.1e-5)
            for name, (low, high) in scores["interval"]["f1"].items():
                assert low <= scores["f1"][name] <= high
                row = [own.loc[f"f1:{name}", column] for column in ("value", "low", "high")]
                assert row == pytest.approx([scores["f1"][name], low, high], abs=5.1e-5)


def test_a_class_that_a_fold_lacks_is_scored_in_the_others(corpus, report):
    # One class stands in the folds 0 and 1 alone, another nowhere.
    rare, never = corpus.classes[:2]
    train = corpus.clips["split"] == "train"
    fold = corpus.clips["clip"].map(corpus.folds)
    few = corpus.clips["emotion"].eq(rare) & ~(train & fold.le(1))
    corpus.clips.loc[few | corpus.clips["emotion"].eq(never), "emotion"] = corpus.classes[2]
    corpus.write()
    found, table = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)})
    train, test = (found["systems"]["s"]["clean"]["honest"][name] for name in ("train", "test1"))
    assert set(train["f1"]) == set(corpus.classes) - {never}
    assert set(test["f1"]) == set(corpus.classes) - {rare, never}
    own = table[(table["split"] == "train") & (table["metric"] == f"f1:{rare}")]
    folds = own[own["part"] == "fold"]
    assert set(folds["fold"]) == {0, 1}
    assert train["f1"][rare] == pytest.approx(folds["value"].mean(), abs=5.1e-5)


def test_order_of_rows_changes_no_byte(corpus, report):
    plain = corpus.predictions("s", 1.0, seeds=(0, 1))
    first, _ = report.metrics({"s|clean|honest": plain}, out="a.json")
    frame = pd.read_parquet(plain).sample(frac=1, random_state=3)
    frame.to_parquet(corpus.folder / "shuffled.parquet", index=False)
    corpus.clips = corpus.clips.sample(frac=1, random_state=4)
    corpus.write()
    second, _ = report.metrics({"s|clean|honest": corpus.folder / "shuffled.parquet"}, out="b.json")
    folder = corpus.folder
    assert first == second
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_selection_bias_is_organiser_less_honest(corpus, report, trained):
    found, _ = report.metrics(trained(corpus, "s", 1.0))
    scores = found["systems"]["s"]["noise"]
    bias = found["selection_bias"]["s"]["noise"]
    for metric in ("weighted_f1", "mse", "com"):
        gap = scores["organiser"]["train"][metric] - scores["honest"]["train"][metric]
        assert bias[metric] == pytest.approx(gap, abs=1.01e-4)


def test_differences_are_paired(corpus, report):
    path = corpus.predictions("s", 0.5)
    frame = pd.read_parquet(path)
    better = frame.assign(valence=frame["valence"] + 1e-3)
    better.to_parquet(corpus.folder / "better.parquet", index=False)
    files = {
        "hl-baseline|clean|honest": path,
        "hl-jdev|clean|honest": corpus.folder / "better.parquet",
    }
    found, _ = report.metrics(files, decimals=6)
    gaps = found["differences"]["jdev-baseline"]["hl-jdev"]["clean"]["honest"]["train"]
    gap = gaps["hl-baseline"]
    # Unpaired, the interval would be as wide as that of one system's Com.
    low, high = gap["interval"]["com"]
    own_low, own_high = found["systems"]["hl-jdev"]["clean"]["honest"]["train"]["interval"]["com"]
    assert high - low < 0.02 * (own_high - own_low)
    assert low <= gap["com"] <= high


def test_without_valence_there_are_only_metrics_of_emotion(make_report):
    report = make_report(valence=False)
    files = {"s|clean|honest": report.corpus.predictions("s", 1.0)}
    found, scores = report.metrics(files)
    assert '"mse"' not in json.dumps(found)
    assert '"com"' not in json.dumps(found)
    told = {"weighted_f1", "accuracy", "uar"} | {f"f1:{name}" for name in report.corpus.classes}
    assert set(scores["metric"]) == told


def test_a_test_without_labels_is_left_out(corpus, report):
    unlabelled = corpus.clips["split"] == "test2"
    corpus.clips.loc[unlabelled, ["emotion", "valence"]] = ["", None]
    corpus.write()
    found, _ = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)})
    assert set(found["systems"]["s"]["clean"]["honest"]) == {"train", "test1"}
    assert set(found["references"]["constant"]) == {"train", "test1"}


def test_a_test_with_emotions_alone_has_no_dim(corpus, report):
    corpus.clips.loc[corpus.clips["split"] == "test2", "valence"] = None
    corpus.write()
    found, _ = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)})
    scores = found["systems"]["s"]["clean"]["honest"]
    assert "com" in scores["test1"]
    assert "com" not in scores["test2"]


def test_clips_without_prediction_are_left_out_and_counted(corpus, report):
    path = corpus.predictions("s", 1.0)
    frame = pd.read_parquet(path)
    frame[frame["clip"] != "clip_train_004"].to_parquet(path, index=False)
    found, _ = report.metrics({"s|clean|honest": path})
    assert found["systems"]["s"]["clean"]["honest"]["train"]["clips"] == 59
    assert found["references"]["constant"]["train"]["clips"] == 60


def test_metrics_count_quarantined_clips_by_reason_and_name_no_clip(corpus, report, trained):
    found_file, faces = corpus.folder / "q.csv", corpus.folder / "faces.csv"
    found_file.write_text("clip,split,path,reason,detail\nlost,test1,x.mp4,missing,\n")
    faces.write_text("clip,reason\nclip_train_003,faceless\n")
    found, _ = report.metrics(trained(corpus, "s", 1.0), quarantines=[found_file, faces])
    assert found["clips"]["test1"] == {"used": 25, "quarantined": {"missing": 1}}
    assert found["clips"]["train"] == {"used": 60, "quarantined": {"faceless": 1}}
    for name in ("metrics.json", "scores.json"):
        text = (corpus.folder / name).read_text()
        assert "clip_" not in text
        assert "lost" not in text


def test_private_scores_have_every_seed_and_fold(corpus, report):
    found, scores = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0, seeds=(0, 1))})
    folds = scores[(scores["part"] == "fold") & (scores["metric"] == "com")]
    assert len(folds) == 2 * 5
    mean = found["systems"]["s"]["clean"]["honest"]["train"]["com"]
    assert folds["value"].mean() == pytest.approx(mean, abs=1e-4)


@pytest.mark.parametrize("fault", ["fold", "seed", "label"])
def test_bad_predictions_are_told_in_one_sentence(corpus, report, fault):
    path = corpus.predictions("s", 1.0, seeds=(0, 1))
    frame = pd.read_parquet(path)
    if fault == "fold":
        frame.loc[frame["split"] == "train", "fold"] = 0
    if fault == "seed":
        frame = frame.iloc[1:]
    frame.to_parquet(path, index=False)
    label = "s" if fault == "label" else "s|clean|honest"
    with pytest.raises(MerflowError, match=r"train it again|write SYSTEM"):
        report.metrics({label: path})


def test_a_missing_setting_is_named(corpus):
    words = ["metrics", "--spec", "{}", "--manifest", str(corpus.manifest)]
    words += ["--folds", str(corpus.fold_file), "--predictions", "s|clean|honest=x"]
    words += ["--out", "x", "--out-json", "y", "--out-scores", "z"]
    result = CliRunner().invoke(group, words)
    assert isinstance(result.exception, MerflowError)
    assert "corpus" in str(result.exception)
