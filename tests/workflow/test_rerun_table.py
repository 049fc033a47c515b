"""The rerun table, ``workflow/rerun.yaml``, holds for every setting and is what the docs show."""

import re
from collections import defaultdict
from fnmatch import fnmatchcase

import pytest
import yaml
from graph import ROOT, small_settings
from rerun_table import (
    PAGE,
    TABLE,
    edited,
    entries_of,
    expected,
    leaves,
    page,
    rules_of,
    value_of,
    without_numbers,
)

from merflow.layout import Layout

ON_DEMO = [e for e in TABLE["settings"] if not (e.get("table") or e.get("given"))]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"
PRESETS = sorted((ROOT / "presets").glob("*.yaml"))
# What another value of a setting may be, where it is not any other number or text.
OTHER = {
    "corpus.folds.scheme": "speaker",
    "probes.kind": "linear",
    "features.encoders.RF.architecture": "manet",
    "features.encoders.MR.architecture": "resnet50_ferplus",
}
# The only encoder of sounds: its architecture has no other value.
WITHOUT_ALTERNATIVE = {"features.encoders.HL.architecture"}


def known_settings():
    return list(leaves(small_settings()))


def test_every_setting_of_every_preset_has_one_entry():
    for preset in PRESETS:
        for setting in leaves(yaml.safe_load(preset.read_text())):
            assert len(entries_of(setting)) == 1, f"{setting} of {preset.name}"


def schema_settings(node, defs, above=""):
    """Yield every setting that the schema allows; a name that is free stands as one of ours."""
    node = defs[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    inner, free = dict(node.get("properties", {})), node.get("additionalProperties")
    if free:
        inner |= dict.fromkeys(("HL", "RF", "MR") if above.endswith("encoders.") else ("x",), free)
    for key, value in inner.items():
        yield from schema_settings(value, defs, f"{above}{key}.")
    if not inner:
        yield above.rstrip(".")


def test_every_setting_of_the_schema_has_an_entry():
    schema = yaml.safe_load(SCHEMA.read_text())
    allowed = set(schema_settings(schema, schema["$defs"]))
    assert {"corpus.labels.x", "features.encoders.RF.folders.x", "report.rows"} <= allowed
    assert set(known_settings()) <= allowed
    for setting in allowed:
        assert len(entries_of(setting)) <= 1, setting
        # Some settings are of one kind of encoder alone.
        names = ["HL", "RF", "MR"] if setting.startswith("features.encoders.") else [""]
        spelt = {re.sub(r"(encoders\.)\w+", rf"\1{name}", setting) for name in names}
        assert any(entries_of(name) for name in spelt), setting


def test_every_pattern_stands_for_a_setting():
    schema = yaml.safe_load(SCHEMA.read_text())
    known = set(schema_settings(schema, schema["$defs"]))
    for entry in TABLE["settings"]:
        for pattern in entry["settings"]:
            assert any(fnmatchcase(setting, pattern) for setting in known), pattern


def test_what_computes_anew_is_part_of_what_runs():
    for entry in [*TABLE["settings"], *TABLE["code"]]:
        assert rules_of(entry["anew"]) <= rules_of(entry["run"]), entry


def test_every_rule_is_in_one_step():
    stated = [name for names in TABLE["steps"].values() for name in names]
    rules = [name for name in stated if name not in TABLE["steps"]]
    assert len(rules) == len(set(rules))
    written = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    named = set(re.findall(r"^ *rule (\w+):", written, flags=re.MULTILINE))
    targets = {"faces", "features", "table1", "figure4", "noisy_corpus"}
    assert named - targets == {rule for rule in rules if not rule.startswith("fusion_train_")}


def test_the_page_shows_the_table():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run `python tests/workflow/rerun_table.py`"


def paths(settings):
    """Families of paths, each of which moves as a whole."""
    layout, found = Layout(settings), defaultdict(list)
    found["corpus"], found["folds"], found["faces"] = layout.corpus, layout.folds, layout.faces
    found["noise"], found["ensembles"] = layout.noise_manifest, list(layout.ensembles)
    found["fixed noise"], found["robustness"] = layout.levels_manifest, layout.levels
    for name, encoder in settings["features"]["encoders"].items():
        sense = layout.modality(name)
        found[f"{sense} clean"] += layout.feature_shards(name, "clean")
        found[f"{sense} noisy"] += layout.feature_shards(name, "noise")
        found[f"{sense} probes"].append(layout.probe(name))
        if encoder["weights"] == "demo":
            found[f"{sense} weights"].append(layout.demo_weights(name))
    for trained, of in layout.trained.items():
        for group, runs in of.groups.items():
            found[f"{trained}_{group}"] += runs
    return found


def moved_by(edit):
    """Return the families of paths that an edit of the preset ``small`` moves."""
    before, after = paths(small_settings()), paths(edited(small_settings(), edit))
    return {family for family in before if before[family] != after[family]}


def another(setting):
    value = value_of(small_settings(), setting)
    if setting in OTHER:
        return OTHER[setting]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return [*value, *value] if isinstance(value, list) else "another"


@pytest.mark.parametrize("entry", ON_DEMO, ids=lambda entry: entry["settings"][0])
def test_settings_of_one_entry_move_the_same_paths(entry):
    planned = {name.rstrip("+") for edit in entry["edits"] for name in edit}
    for setting in known_settings():
        if entry in entries_of(setting) and setting not in planned | WITHOUT_ALTERNATIVE:
            moved = moved_by({setting: another(setting)})
            assert moved, f"{setting} moves no path: plan an edit of it"
            assert moved == moved_by(entry["edits"][0]), setting


@pytest.mark.slow
def test_an_edit_of_a_setting_runs_what_the_table_says(copied):
    (copied.folder / "own").mkdir()
    for name in ("own.bin", "own/speech.wav"):
        (copied.folder / name).write_bytes(b"not looked into while planning")
    asked = [(entry, edit) for entry in ON_DEMO for edit in entry["edits"]]
    planned = copied.plans(settings=[edited(copied.settings, edit) for _, edit in asked])
    wrong = {
        str(edit): difference(jobs, entry)
        for (entry, edit), jobs in zip(asked, planned, strict=True)
        if without_numbers(jobs) != expected(entry)
    }
    assert not wrong


@pytest.mark.slow
def test_an_edit_of_the_package_runs_what_the_table_says(copied):
    files = [f"src/merflow/{entry['file']}" for entry in TABLE["code"]]
    wrong = {
        entry["file"]: difference(jobs, entry)
        for entry, jobs in zip(TABLE["code"], copied.plans(files=files), strict=True)
        if without_numbers(jobs) != expected(entry)
    }
    assert not wrong


def difference(jobs, entry):
    planned, told = without_numbers(jobs), expected(entry)
    return {"runs and is not in the table": planned - told, "does not run": told - planned}
