"""Every preset is complete; ``small`` is ``demo`` in miniature, ``weight_free`` is ``table``."""

from collections import Counter
from pathlib import Path

import pytest
import yaml
from preset_rules import check_decoders, check_folds, check_preset

from merflow import settings
from merflow.corpus.adapters.registry import ADAPTERS
from merflow.encoders.registry import KINDS, parse_feature

ROOT = Path(__file__).resolve().parents[2]


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def small():
    return read("presets/small.yaml")


@pytest.fixture(scope="module")
def demo():
    return read("presets/demo.yaml")


def keys(node):
    """Mappings' keys, down to lists and plain values."""
    return {key: keys(value) for key, value in node.items()} if isinstance(node, dict) else None


@pytest.mark.parametrize("preset", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda p: p.stem)
def test_settings_accept_it_and_the_first_line_says_what_it_is(preset):
    settings.check(read(preset), read("workflow/schemas/params.schema.yaml"))
    assert preset.read_text().startswith("# ")


def test_the_settings_are_the_demos():
    assert (ROOT / "params.yaml").read_text() == (ROOT / "presets/demo.yaml").read_text()


def test_it_has_the_keys_of_the_demo_and_no_other(small, demo):
    assert keys(small) == keys(demo)


def test_it_is_smaller_wherever_it_differs_in_numbers(small, demo):
    def compare(left, right, where):
        if isinstance(left, dict):
            for key in left:
                compare(left[key], right[key], f"{where}.{key}")
        elif isinstance(left, int | float) and where != ".ensemble.step":
            assert left <= right, where

    compare(small, demo, "")
    assert small["ensemble"]["step"] >= demo["ensemble"]["step"]


def test_its_systems_are_systems_of_the_demo(small, demo):
    wanted = {system["name"]: system for system in demo["fusion"]["systems"]}
    for system in small["fusion"]["systems"]:
        full = wanted[system["name"]]
        assert set(system.pop("augmentation")) <= set(full.pop("augmentation"))
        assert system == full


def test_it_runs_every_kind_of_step(small):
    systems = small["fusion"]["systems"]
    counts = Counter(key for system in systems for key in (system["decoder"], system["strategy"]))
    assert {"baseline", "jdev"} < set(counts)
    assert len(set(counts)) >= 4
    encoders = {parse_feature(name)[0] for system in systems for name in system["features"]}
    assert encoders == set(small["features"]["encoders"]) == set(small["probes"]["encoders"])
    assert small["ensemble"]["systems"]
    assert {row["augmentation"] for row in small["report"]["rows"]} == {"clean", "noise"}


def test_weight_free_is_table_with_encoders_that_need_no_file():
    table, free = read("presets/table.yaml"), read("presets/weight_free.yaml")
    settings.check(free, read("workflow/schemas/params.schema.yaml"))
    assert not any(KINDS[s["architecture"]].trained for s in free["features"]["encoders"].values())
    encoders = {parse_feature(f)[0] for s in free["fusion"]["systems"] for f in s["features"]}
    assert encoders == set(free["features"]["encoders"]) == set(free["probes"]["encoders"])
    for preset in (table, free):
        del preset["features"]["encoders"], preset["probes"]["encoders"], preset["noise"]["root"]
        del preset["fusion"]["systems"], preset["ensemble"]["systems"]
    assert free == table


@pytest.mark.parametrize("name", ["table", "weight_free"])
def test_rows_of_tests_are_marked_and_hold_without_the_sign_before_them(name):
    lines = (ROOT / f"presets/{name}.yaml").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.lstrip().startswith("# - {name: MER-")]
    assert len(rows) == 2
    assert all("# <-" in row for row in rows)
    text = "\n".join(line.replace("# - ", "- ") if line in rows else line for line in lines)
    preset = yaml.safe_load(text)
    preset["corpus"]["tests"] = ["test1", "test2"]
    settings.check(preset, read("workflow/schemas/params.schema.yaml"))
    assert [row["split"] for row in preset["report"]["rows"]] == ["train", "test1", "test2"]


def test_the_challenges_baseline_has_the_challenges_schedule():
    preset, table = read("presets/challenge_baseline.yaml"), read("presets/table.yaml")
    training = preset["fusion"]["training"]
    assert (training["epochs"], training["batch"], training["dropout"]) == (100, 32, 0.3)
    assert training["learning_rate"] == [1.0e-3, 1.0e-4, 1.0e-5]
    assert training["width"] == [128, 256]
    assert (training["weight_decay"], len(training["seeds"])) == (1.0e-5, 3)
    for system in preset["fusion"]["systems"]:
        assert (system["decoder"], system["loss"]) == ("baseline", "sum")
        assert system["augmentation"] == ["clean"]
    # The real encoders, as the preset for one's own clips has them.
    assert preset["features"] == table["features"]
    # And the detector of the preset for its corpus, as `merflow doctor` advises for real clips.
    assert preset["faces"] == read("presets/mer2023.yaml")["faces"]
    assert preset["faces"]["backend"] == "yunet"
    assert preset["corpus"]["name"].startswith("mer2023")


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_has_a_preset_with_the_real_encoders(name):
    check_preset(name, read(f"presets/{name}.yaml"), read("presets/table.yaml"))


def test_mer2023_is_the_papers_table():
    preset, table = read("presets/mer2023.yaml"), read("presets/table.yaml")
    assert preset["fusion"] == table["fusion"]
    ten = [s for s in preset["fusion"]["systems"] if "noise" in s["augmentation"]]
    assert len(ten) + len(preset["ensemble"]["systems"]) == 12
    rows = {(row["split"], row["augmentation"]) for row in preset["report"]["rows"]}
    assert rows == {
        ("train", "clean"),
        ("test1", "clean"),
        ("test2", "noise"),
        ("test3", "clean"),
    }


@pytest.mark.parametrize("name", ADAPTERS)
def test_who_or_where_is_held_out_as_far_as_the_adapter_knows(name):
    check_folds(read(f"presets/{name}.yaml"), ADAPTERS[name])


def test_without_valence_no_preset_names_jdev():
    for path in (ROOT / "presets").glob("*.yaml"):
        check_decoders(read(path))
