"""All that is wrong with the settings, and not the first thing alone."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow import settings
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text(encoding="utf-8"))
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def config():
    return copy.deepcopy(SMALL)


def test_every_unknown_missing_and_wrong_key_is_told_once(config):
    config["faces"] |= {"colour": "red", "size": 3}
    del config["noise"]["copies"], config["noise"]["seed"]
    config["fusion"]["training"]["epochs"] = 0
    told = list(settings.problems(config, SCHEMA))
    assert len(told) == len(set(told)) == 5
    for key in ("faces.colour", "faces.size", "noise.copies", "noise.seed", "training.epochs is 0"):
        assert sum(key in one for one in told) == 1
    with pytest.raises(MerflowError) as caught:
        settings.check(config, SCHEMA)
    assert str(caught.value) == told[0]


def test_a_misspelt_section_is_one_sentence_and_a_short_one(config):
    config["noize"] = config.pop("noise")
    (told,) = settings.problems(config, SCHEMA)
    assert "unknown key noize (value {'source': " in told
    assert told.endswith(" ...), while noise is missing; rename it if you mean noise")
    assert len(told) < 160
    assert settings.misformed(config, SCHEMA) == {"noise"}


def test_keys_that_may_be_misspelt_in_several_ways_are_told_apart(config):
    config["faces"] |= {"detect_sid": 3, "detect_sides": 4}
    del config["faces"]["detect_side"]
    told = list(settings.problems(config, SCHEMA))
    assert [one.split()[1:4] for one in told] == [
        ["unknown", "key", "faces.detect_sid"],
        ["unknown", "key", "faces.detect_sides"],
        ["key", "faces.detect_side", "is"],
    ]
    assert all("while" not in one for one in told)


def test_what_a_list_is_of_is_told_where_it_is_simple(config):
    config["report"]["robustness"] = {"split": "test1", "snr": "5 dB"}
    config["fusion"]["training"]["width"] = "wide"
    del config["probes"]["encoders"]
    told = "\n".join(settings.problems(config, SCHEMA))
    assert "report.robustness.snr is '5 dB'; allowed: a list of whole numbers" in told
    assert "training.width is 'wide'; allowed: a whole number or a list of whole numbers" in told
    assert "key probes.encoders is missing; give it a list of texts" in told


@pytest.mark.parametrize("length", [10, 58, 59, 1000])
def test_a_long_value_is_cut(config, length):
    config["faces"]["fps"] = "x" * length
    (told,) = settings.problems(config, SCHEMA)
    shown = told.removeprefix("params.yaml: faces.fps is ").partition("; allowed: ")[0]
    assert len(shown) <= 60
    assert shown.endswith("x'" if length <= 58 else "x ...")


def test_relations_that_fail_each_tell_theirs(config):
    config["report"]["submission"] = "best"
    config["probes"]["encoders"] = ["XX"]
    config["noise"]["visual"] = [{"transform": "blur", "magnitude": [3, 1]}]
    told = list(settings.problems(config, SCHEMA))
    assert [one.split()[1] for one in told] == [
        "probes.encoders",
        "noise.visual[0].magnitude",
        "report.submission",
    ]


def test_what_an_adapter_lacks_is_told_before_what_follows_from_it(config):
    config["corpus"] |= {"adapter": "labels", "root": None, "csv": None}
    told = list(settings.problems(config, SCHEMA))
    assert "key corpus.labels is missing" in told[0]
    assert any("needs clips" in one for one in told[1:])


def test_each_relation_tells_all_that_it_meets(config):
    system = config["fusion"]["systems"][0]
    system["features"] = ["HL(99)", "XX(1)", *system["features"]]
    config["ensemble"]["systems"][0]["members"] = ["nobody", "nothing"]
    config["report"]["rows"][0] |= {"split": "test9"}
    told = list(settings.problems(config, SCHEMA))
    named = ("'HL(99)'", "'XX(1)'", "'nobody'", "'nothing'", "split is 'test9'")
    assert len(told) == len(set(told)) == len(named)
    for key in named:
        assert sum(key in one for one in told) == 1


def test_a_malformed_feature_is_told_once_with_its_place(config):
    config["fusion"]["systems"][1]["features"][0] = "HL18"
    config["probes"]["encoders"] = ["XX"]
    told = list(settings.problems(config, SCHEMA))
    assert [one.split()[1] for one in told] == ["fusion.systems[1].features[0]", "probes.encoders"]
    assert "'HL18'; allowed: ENCODER(LAYER), as HL(18)" in told[0]


def test_a_system_of_an_unknown_encoder_is_not_called_one_of_a_single_modality(config):
    config["fusion"]["systems"][0] |= {"features": ["HL(18)", "XX(1)"], "strategy": 2}
    (told,) = settings.problems(config, SCHEMA)
    assert "'XX(1)'" in told


def test_a_wrong_form_of_one_section_holds_back_nothing_of_the_others(config):
    config["noise"]["copies"] = 0
    config["corpus"]["demo"]["duration_s"] = float("nan")
    config["fusion"]["systems"].append(dict(config["fusion"]["systems"][0]))
    config["probes"]["encoders"] = ["XX"]
    told = list(settings.problems(config, SCHEMA))
    assert settings.misformed(config, SCHEMA) == {"corpus", "noise"}
    assert [one.split()[1] for one in told] == [
        "noise.copies",
        "corpus.demo.duration_s",
        f"fusion.systems[{len(config['fusion']['systems']) - 1}].name",
        "probes.encoders",
    ]


def test_a_relation_that_rests_on_a_wrong_one_is_left_out(config):
    config["corpus"] |= {"valence": False, "com": False}
    config["ensemble"]["systems"][0]["members"][0] = "nobody"
    told = list(settings.problems(config, SCHEMA))
    assert len(told) == 1
    assert "'nobody'" in told[0]


@pytest.mark.parametrize("odd", [None, [], 3, "text", {}, {1: 2}, {"corpus": None}])
def test_what_is_no_settings_at_all_is_told(odd):
    told = list(settings.problems(odd, SCHEMA))
    assert told
    assert all("\n" not in one for one in told)


FOLDER, FILE = "name the folder", "name the file"


@pytest.mark.parametrize(
    ("section", "values", "key", "todo"),
    [
        ("corpus", {"adapter": "table", "root": "file"}, "corpus.root", FOLDER),
        ("corpus", {"adapter": "ravdess", "root": "file"}, "corpus.root", FOLDER),
        ("corpus", {"adapter": "table", "csv": "folder"}, "corpus.csv", FILE),
        ("corpus", {"adapter": "labels", "labels": {"train": "folder"}}, "labels.train", FILE),
        ("noise", {"source": "folder", "root": "file"}, "noise.root", FOLDER),
        (
            "faces",
            {"backend": "precropped", "precropped": {"root": "file"}},
            "faces.precropped.root",
            FOLDER,
        ),
        (
            "faces",
            {"backend": "yunet", "yunet": {"path": "folder", "sha256": None}},
            "faces.yunet.path",
            FILE,
        ),
        (
            "features",
            {"encoders": {"HL": {"architecture": "precomputed", "folders": {"24": "file"}}}},
            "features.encoders.HL.folders.24",
            FOLDER,
        ),
    ],
)
def test_a_file_is_no_folder_and_a_folder_no_file(
    config, tmp_path, monkeypatch, section, values, key, todo
):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()
    config["corpus"] |= {"root": "folder", "csv": "file"}
    config[section] |= values
    (told,) = settings.absent_files(config)
    assert told.key.endswith(key)
    named, there = ("file", "a file") if todo == FOLDER else ("folder", "a folder")
    assert (told.what, told.todo) == (f"is '{named}', which is {there}", todo)
    with pytest.raises(MerflowError, match=f"which is {there}; {todo}"):
        settings.check_files(config)


def test_all_absent_files_are_told(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config["corpus"] |= {"adapter": "table", "root": "clips", "csv": "a{b}.csv"}
    config["noise"] |= {"source": "folder", "root": "musan"}
    found = list(settings.absent_files(config))
    assert [one.key for one in found] == ["corpus.root", "corpus.csv", "noise.root"]
    assert all(one.todo for one in found)
    with pytest.raises(MerflowError) as caught:
        settings.check_files(config)
    assert str(caught.value) == found[0].sentence()


def test_that_a_tilde_is_not_expanded_is_told(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("labels.csv").touch()
    config["corpus"] |= {"adapter": "table", "root": "clips~", "csv": "~/labels.csv"}
    root, csv = settings.absent_files(config)
    assert "expanded" not in root.sentence()
    assert f"nothing at {tmp_path}/~/labels.csv, as ~ is not expanded; write out" in csv.sentence()
