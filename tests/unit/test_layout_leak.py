"""Planning the comparison of random folds with folds by speaker."""

import copy

import pytest
import yaml
from small_project import ROOT

from merflow import settings
from merflow.corpus.adapters.registry import read_corpus
from merflow.layout import Layout
from merflow.report.protocols import LEAK

BASE = yaml.safe_load((ROOT / "presets" / "demo.yaml").read_text())
SPEAKERS = "fusion_train_speakers"


def changed(**folds):
    config = copy.deepcopy(BASE)
    config["corpus"]["folds"] |= folds
    return config


def of_table(folder, *rows):
    """Return the settings of a csv whose clips are there."""
    for row in rows:
        (folder / row.split(",")[0]).touch()
    (folder / "labels.csv").write_text("\n".join(["path,emotion,speaker", *rows]) + "\n")
    config = changed(count=2)
    config["corpus"] |= {"adapter": "table", "root": str(folder)}
    config["corpus"] |= {"csv": str(folder / "labels.csv"), "tests": []}
    config["noise"] |= {"source": "folder", "root": str(folder)}
    return config


def test_the_clean_systems_are_trained_by_speaker_with_the_first_seed():
    config = changed()
    config["fusion"]["training"]["seeds"] = [5, 0]
    layout = Layout(config)
    other = layout.trained[SPEAKERS]
    names = [run.label for run in layout.runs.values() if run.augmentation == "clean"]
    assert [run.label for run in other.runs.values()] == names
    assert len(names) == 12
    assert not set(other.runs) & set(layout.runs)
    assert other.folds != layout.folds
    assert other.manifest == layout.manifest
    assert other.feature_shards("HL", "clean") == layout.feature_shards("HL", "clean")
    assert not other.ensembles
    for run in other.runs.values():
        spec = other.run_spec(run)
        assert spec["training"] == config["fusion"]["training"] | {"seeds": [5]}
    assert {*other.runs, *layout.runs} == {
        name for of in layout.trained.values() for runs in of.groups.values() for name in runs
    }


def test_the_paths_are_those_of_whoever_sets_the_scheme():
    config = changed(scheme="speaker")
    config["fusion"]["training"]["seeds"] = [0]
    mine = Layout(config)
    other = Layout(changed()).trained[SPEAKERS]
    clean = {name for name, run in mine.runs.items() if run.augmentation == "clean"}
    assert set(other.runs) == clean
    assert other.folds == mine.folds
    for name in clean:
        assert other.run_spec(other.runs[name]) == mine.run_spec(mine.runs[name])


@pytest.mark.parametrize("scheme", ["speaker", "session", "official"])
def test_of_other_folds_nothing_is_said(scheme):
    layout = Layout(changed(scheme=scheme))
    assert layout.leak is None
    assert list(layout.trained) == ["fusion_train"]


def test_the_settings_decide_nothing_for_themselves():
    config = changed()
    assert Layout(config).trained
    assert config == changed()


def test_a_csv_that_names_speakers_is_compared(tmp_path):
    layout = Layout(of_table(tmp_path, "a.mp4,happy,anna", "b.mp4,sad,bert"))
    assert layout.leak == "measured"
    assert SPEAKERS in layout.trained


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["a.mp4,happy,anna", "b.mp4,sad,"], "unnamed"),
        (["a.mp4,happy,anna", "b.mp4,sad,anna"], "few"),
    ],
)
def test_where_it_cannot_be_measured_the_reason_is_told(tmp_path, rows, told):
    layout = Layout(of_table(tmp_path, *rows))
    assert layout.leak == told
    assert list(layout.trained) == ["fusion_train"]


def test_systems_with_noisy_copies_alone_are_not_compared():
    config = changed()
    for system in config["fusion"]["systems"]:
        system["augmentation"] = ["noise"]
    assert Layout(config).leak == "noisy"


def test_without_valence_a_decoder_that_is_left_out_is_no_clean_system():
    config = changed()
    config["corpus"]["valence"] = False
    for system in config["fusion"]["systems"]:
        system["augmentation"] = ["clean"] if system["decoder"] == "jdev" else ["noise"]
    assert Layout(config).leak == "noisy"


def test_every_outcome_has_its_sentence():
    assert set(LEAK) == {"measured", "unnamed", "few", "noisy"}


def test_the_record_of_a_run_counts_both_trainings():
    layout = Layout(changed())
    other = layout.trained[SPEAKERS]
    told = {name[-8:] for name in (*other.runs, *layout.runs)}
    told |= {other.folds_key, layout.folds_key}
    told |= {other.group_key(group)[-8:] for group in other.groups}
    assert told <= set(layout.digests())


def test_planning_reads_a_corpus_once(tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(
        "merflow.corpus.listed.read_corpus",
        lambda corpus: reads.append(corpus) or read_corpus(corpus),
    )
    for actor in (1, 2, 3, 4, 5):
        folder = tmp_path / f"Actor_{actor:02d}"
        folder.mkdir()
        (folder / f"01-01-03-01-01-01-{actor:02d}.mp4").touch()
    config = yaml.safe_load((ROOT / "presets" / "ravdess.yaml").read_text())
    config["corpus"] |= {"root": str(tmp_path)}
    config["corpus"]["folds"] = {"scheme": "random", "count": 5, "seed": 0}
    layout = Layout(config)
    assert len(settings.clips_to_watch(layout.listed)) == 5
    assert settings.features_to_watch(config, layout.listed) == {}
    assert {of.corpus_key for of in layout.trained.values()} == {layout.corpus_key}
    assert len(layout.trained) == 2
    assert len(layout.listed.digest) == 64
    assert len(reads) == 1
