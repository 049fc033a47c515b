"""The graph on corpora in the layout of their release, of miniatures with the release's defects."""

import json
import re
import shutil

import pandas as pd
import pytest
from graph import ROOT, plans, small_settings, snakemake, write_settings
from miniatures import crema_d, mer2023, ravdess
from miniatures.mer2023 import MISSING, PICTURELESS, SHORT, SIZES
from outside import not_own, tree_of
from rerun_table import entry_of, expected, without_numbers

from merflow.corpus.adapters.registry import ADAPTERS

pytestmark = pytest.mark.slow

BOTH = {"name": "both", "features": ["MF(mfcc)", "HG(hog)"], "strategy": 2}
BOTH |= {"decoder": "baseline", "loss": "sum", "augmentation": ["clean"]}
JDEV = BOTH | {"name": "both-jdev", "decoder": "jdev", "loss": "paper"}


def settings_of(name, **corpus):
    """Return the preset ``small`` for a corpus, with encoders that need no weights."""
    settings, adapter = small_settings(), ADAPTERS[name]
    settings["corpus"] |= {
        "name": f"{name}-mini",
        "adapter": name,
        "root": "the clips",
        "classes": list(adapter.classes),
        "valence": adapter.valence is not None,
        "com": adapter.com,
        "tests": list(adapter.tests),
        **corpus,
    }
    del settings["corpus"]["demo"]
    settings["noise"] |= {"source": "folder", "root": None}
    settings["features"]["encoders"] = {
        "MF": {"architecture": "mfcc"},
        "HG": {"architecture": "hog"},
    }
    settings["probes"]["encoders"] = ["HG"]
    settings["fusion"]["systems"] = [BOTH, JDEV]
    settings["ensemble"]["systems"] = []
    rows = ["train", *settings["corpus"]["tests"]]
    settings["report"] |= {
        "rows": [{"name": row, "split": row, "augmentation": "clean"} for row in rows],
        "submission": "both-jdev" if adapter.tests else None,
        "robustness": None,
    }
    return settings


@pytest.fixture(scope="module")
def challenge_run(tmp_path_factory):
    """Folder of a finished run on MER2023 without labels of test1, and its rules."""
    folder = tmp_path_factory.mktemp("released") / "mer2023"
    mer2023(folder / "the clips/dataset-release", unlabelled=["test1"])
    write_settings(folder, settings_of("mer2023"))
    before = tree_of(folder)
    outcome = snakemake(folder, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    (folder.parent / "touched.json").write_text(json.dumps(not_own(folder, before)))
    return folder, without_numbers(outcome.jobs)


def test_the_release_is_left_as_it_was(challenge_run):
    folder, _ = challenge_run
    assert tree_of(folder / "the clips")
    assert json.loads((folder.parent / "touched.json").read_text()) == []


def test_the_release_s_defects_end_in_quarantine_and_nothing_is_lost(challenge_run):
    folder, _ = challenge_run
    (quarantine,) = folder.glob("results/corpus/*/quarantine.csv")
    found = pd.read_csv(quarantine)
    reasons = dict(zip(found["clip"], found["reason"], strict=True))
    assert reasons == {MISSING: "missing", PICTURELESS: "no_picture"}
    manifest = pd.read_csv(quarantine.with_name("manifest.csv")).set_index("clip")
    assert len(manifest) + len(found) == sum(SIZES.values())
    assert manifest.loc[SHORT, "duration"] == pytest.approx(0.24, abs=0.05)
    assert manifest.loc[manifest["split"] == "test3", "valence"].isna().all()
    assert manifest.loc[manifest["split"] == "test1", ["emotion", "valence"]].isna().all(axis=None)


def test_the_table_has_a_score_of_what_is_labelled_alone(challenge_run):
    folder, _ = challenge_run
    table = pd.read_csv(folder / "results/tables/mer2023-mini/table1.csv")
    metrics = {row: set(part["metric"]) for row, part in table.groupby("row")}
    assert metrics == {"train": {"Dis", "Dim", "Com"}, "test2": {"Com"}, "test3": {"Dis"}}
    assert set(table["system"]) == {"both", "both-jdev"}


def test_every_test_clip_stands_in_the_submission(challenge_run):
    folder, _ = challenge_run
    made = pd.read_csv(folder / "results/private/mer2023-mini/submission/test1.csv")
    stems = {path.stem for path in (folder / "the clips/dataset-release/test1").iterdir()}
    assert set(made["name"]) == stems
    assert PICTURELESS in stems
    assert made["discrete"].isin(ADAPTERS["mer2023"].classes).all()
    columns = {
        split: list(pd.read_csv(folder / f"results/private/mer2023-mini/submission/{split}.csv"))
        for split in ("test1", "test2", "test3")
    }
    both = ["name", "discrete", "valence"]
    assert columns == {"test1": both, "test2": both, "test3": ["name", "discrete"]}


def test_what_changes_in_the_release_runs_what_the_table_says(challenge_run, tmp_path):
    finished, there = challenge_run
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    settings, options = settings_of("mer2023"), ["-s", str(ROOT / "Snakefile")]
    (folder / "moved").symlink_to("the clips")
    moved = settings | {"corpus": settings["corpus"] | {"root": "moved"}}
    first, second = plans(folder, [settings, moved], options=options)
    assert first == {}
    assert without_numbers(second) == expected(entry_of("corpus.root")) & there
    release = folder / "the clips/dataset-release"
    labels = (release / "train-label.csv").read_text()
    edits = {
        "a label": lambda: (release / "train-label.csv").write_text(labels.replace("sad", "angry")),
        "a clip": lambda: (release / "test2/sample_00000024.mp4").unlink(),
        "another order": lambda: _reversed(release / "train-label.csv", labels),
    }
    wanted = expected(entry_of("corpus.csv")) & there
    found = {}
    for name, edit in edits.items():
        shutil.rmtree(release)
        shutil.copytree(finished / "the clips/dataset-release", release)
        edit()
        (jobs,) = plans(folder, [settings], options=options)
        found[name] = without_numbers(jobs)
    assert found == {"a label": wanted, "a clip": wanted, "another order": set()}


def _reversed(file, text):
    header, *rows = text.splitlines()
    file.write_text("\n".join([header, *reversed(rows)]) + "\n")


def test_a_corpus_without_valence_runs_to_its_table(tmp_path):
    ravdess(tmp_path / "the clips", actors=4)
    folds = {"scheme": "speaker", "count": 2, "seed": 0}
    write_settings(tmp_path, settings_of("ravdess", folds=folds))
    outcome = snakemake(tmp_path, "--cores", "2", "--", "table1")
    assert outcome.code == 0, outcome.text[-6000:]
    table = pd.read_csv(tmp_path / "results/tables/ravdess-mini/table1.csv")
    assert (set(table["metric"]), set(table["system"])) == ({"Dis"}, {"both"})
    manifest = pd.read_csv(next(tmp_path.glob("results/corpus/*/manifest.csv")))
    assert len(manifest) == 32
    assert manifest["valence"].isna().all()
    folds = pd.read_csv(next(tmp_path.glob("results/corpus/*/folds-*.csv")))
    joined = folds.merge(manifest, on="clip")
    assert (joined.groupby("speaker")["fold"].nunique() == 1).all()
    assert joined["speaker"].nunique() == 4


def test_a_proxy_of_valence_is_called_one_in_all_that_is_made(tmp_path):
    crema_d(tmp_path / "the clips")
    write_settings(tmp_path, settings_of("crema_d"))
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    results = tmp_path / "results"
    tables = {path.name: path for path in (results / "tables/crema_d-mini").glob("*.csv")}
    assert {"table1.csv", "differences.csv", "figure4.csv", "speakers.csv"} <= set(tables)
    for name, path in tables.items():
        metrics = set(pd.read_csv(path)["metric"])
        assert metrics == {"Dis", "valence_proxy MSE", "valence_proxy CCC"}, name
    for path in (results / "tables/crema_d-mini").glob("*.md"):
        page = path.read_text()
        assert "valence_proxy is derived from the votes on the emotion" in page, path.name
        assert not re.search(r"\bDim\b|(?<!no )\bCom\b|(?<!valence_proxy )\b(MSE|CCC)\b", page)
    told = (results / "metrics.json").read_text() + (
        tables["table1.csv"].parent / "scores.json"
    ).read_text()
    assert "valence_proxy_mse" in told
    assert not re.search(r'"(mse|ccc|rmse|pearson|com)"', told)
    assert set(pd.read_csv(results / "private/crema_d-mini/scores.csv")["metric"]) >= {
        "valence_proxy_rmse",
        "valence_proxy_pearson",
    }
    for curves in results.glob("runs/*/curves.csv"):
        assert "com" not in pd.read_csv(curves).columns
