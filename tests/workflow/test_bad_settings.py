"""A wrong ``params.yaml`` is told in one sentence before any job starts."""

import copy

import pytest
from graph import ROOT, small_settings, snakemake, write_settings
from yaml import safe_load

from merflow import settings
from merflow.doctor.case import read_config
from merflow.errors import MerflowError

SCHEMA = safe_load((ROOT / "workflow" / "schemas" / "params.schema.yaml").read_text())

CASES = [
    ("fusion.training.epochs", 0, ["fusion.training.epochs", "0", "at least 1"]),
    ("fusion.trainng", {}, ["unknown key fusion.trainng", "did you mean training"]),
    ("noise.preset", "loud", ["noise.preset", "'loud'", "paper, organiser"]),
    ("corpus.shards", "two", ["corpus.shards", "'two'", "a whole number"]),
    ("fusion.training.learning_rate", "1e-3", ["learning_rate", "1.0e-4"]),
    ("faces.yunet.sha256", "xyz", ["faces.yunet.sha256", "'xyz'", "64 hexadecimal digits"]),
    ("report.submission", "best", ["report.submission", "'best'", "fused-jdev"]),
    ("probes.encoders", ["XX"], ["probes.encoders", "'XX'", "HL"]),
    ("corpus.classes", ["a", "a"], ["corpus.classes", "differ"]),
    ("corpus.name", "../x", ["corpus.name", "'../x'", "letters"]),
    ("corpus.adapter", "table", ["corpus.root", "None", "a path"]),
    ("noise.source", "folder", ["noise.root", "null"]),
    ("faces.backend", "yunet", ["faces.yunet.path", "OpenCV Zoo"]),
    ("faces.backend", "precropped", ["faces.backend", "'precropped'", "demo", "cascade, yunet"]),
    ("faces.person", "loudest", ["faces.person", "'loudest'", "largest, central, speaking"]),
    ("corpus.name", "demo\n", ["corpus.name", "letters"]),
    ("corpus.demo.width", 251, ["corpus.demo.width", "251", "a multiple of 2"]),
    ("corpus.demo.height", 400, ["corpus.demo.height", "400", "at most the width"]),
    ("corpus.folds.count", 60, ["corpus.folds.count", "60", "at most the training clips"]),
    ("corpus.folds.scheme", "session", ["folds.scheme", "'session'", "demo", "random, speaker"]),
    ("corpus.folds.scheme", "clip", ["folds.scheme", "random, speaker, session, official"]),
    ("corpus.valence", False, ["report.submission", "'fused-jdev'", "mr_rf-baseline"]),
    ("corpus.com", "yes", ["corpus.com", "'yes'", "true or false"]),
    (
        "noise.visual",
        [{"transform": "blur", "magnitude": [3, 1]}],
        ["noise.visual[0].magnitude", "the smaller first"],
    ),
    (
        "report.rows",
        [{"name": "A", "split": "train", "augmentation": "clean"}] * 2,
        ["report.rows[1].name", "'A'", "a name of its own"],
    ),
]

IDS = [f"{i}-{case[0]}" for i, case in enumerate(CASES)]


def changed(key, value):
    config = copy.deepcopy(small_settings())
    *parents, last = key.split(".")
    node = config
    for parent in parents:
        node = node[parent]
    node[last] = value
    return config


@pytest.mark.parametrize(("key", "value", "told"), CASES, ids=IDS)
def test_sentence_names_key_value_and_what_is_allowed(key, value, told):
    with pytest.raises(MerflowError) as caught:
        settings.check(changed(key, value), SCHEMA)
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in told:
        assert part in sentence, sentence


def test_missing_key_is_named():
    config = small_settings()
    del config["fusion"]["training"]["seeds"]
    with pytest.raises(MerflowError, match=r"fusion\.training\.seeds is missing; give it a list"):
        settings.check(config, SCHEMA)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"features": ["HL(99)"]}, ["'HL(99)'", "allowed layers of HL"]),
        ({"features": ["XX(1)"]}, ["'XX(1)'", "allowed encoders: HL, RF, MR"]),
        ({"features": ["HL 18"]}, ["HL 18", "ENCODER(LAYER)"]),
        ({"features": ["HL(18)"], "strategy": 3}, ["strategy", "3", "one modality: 1"]),
        ({"strategy": 4}, ["strategy is 4", "1, 2, 3"]),
    ],
)
def test_systems_are_checked_against_the_encoders(change, told):
    config = small_settings()
    config["fusion"]["systems"][0] |= change
    with pytest.raises(MerflowError) as caught:
        settings.check(config, SCHEMA)
    for part in told:
        assert part in str(caught.value)


def test_names_are_used_once_and_members_exist():
    config = small_settings()
    config["fusion"]["systems"].append(dict(config["fusion"]["systems"][0]))
    with pytest.raises(MerflowError, match="is called already"):
        settings.check(config, SCHEMA)
    config = small_settings()
    config["ensemble"]["systems"][0]["members"][0] = "nobody"
    with pytest.raises(MerflowError, match="'nobody'; allowed: mr_rf-baseline"):
        settings.check(config, SCHEMA)


def test_every_preset_passes():
    for path in sorted((ROOT / "presets").glob("*.yaml")):
        settings.check(safe_load(path.read_text()), SCHEMA)


def test_snakemake_prints_the_sentence_and_starts_no_job(tmp_path):
    write_settings(tmp_path, changed("noise.copies", 0))
    outcome = snakemake(tmp_path, "--cores", "1")
    assert outcome.code == 1
    assert "merflow: params.yaml: noise.copies is 0; allowed: at least 1\n" in outcome.text
    for part in ("Traceback", "WorkflowError", ".smk"):
        assert part not in outcome.text
    assert not outcome.jobs
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("noise: {}\n", "params.yaml: key noise stands twice (lines "),
        ("\tnoise: {}\n", "params.yaml is no YAML (while scanning for the next token found"),
    ],
)
def test_planning_and_the_doctor_say_the_same_of_the_text(tmp_path, monkeypatch, more, told):
    write_settings(tmp_path, small_settings())
    with (tmp_path / "params.yaml").open("a") as file:
        file.write(more)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MerflowError) as caught:
        read_config()
    assert str(caught.value).startswith(told)
    outcome = snakemake(tmp_path, "-n", "--cores", "1")
    assert outcome.code == 1
    assert f"merflow: {caught.value}\n" in outcome.text
    assert "Traceback" not in outcome.text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"corpus": {"adapter": "table", "root": "nowhere", "csv": "x.csv"}}, "corpus.root"),
        ({"noise": {"source": "folder", "root": "nowhere"}}, "openslr.org/17"),
        ({"noise": {"source": "folder", "root": "now{here}"}}, "without braces"),
        ({"faces": {"backend": "yunet", "yunet": {"path": "no.onnx", "sha256": None}}}, "OpenCV"),
    ],
)
def test_missing_folders_are_told_before_any_job(tmp_path, monkeypatch, change, told):
    monkeypatch.chdir(tmp_path)
    config = small_settings()
    for section, values in change.items():
        config[section] |= values
    with pytest.raises(MerflowError) as caught:
        settings.check_files(config)
    sentence = str(caught.value)
    assert told in sentence
    assert str(tmp_path) in sentence or "braces" in sentence


def test_missing_weight_is_told_with_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = small_settings()
    config["features"]["encoders"]["MR"]["weights"] = "weights/manet.pth"
    with pytest.raises(MerflowError) as caught:
        settings.check_files(config)
    assert "features.encoders.MR.weights is 'weights/manet.pth'" in str(caught.value)
    assert "MA-Net" in str(caught.value)
