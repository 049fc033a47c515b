"""The worked example of docs/add_corpus.md is code that runs."""

import copy
import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from preset_rules import check_decoders, check_folds, check_preset

from merflow import settings
from merflow.corpus.adapters import registry
from merflow.corpus.finding import inspect
from merflow.layout import Layout
from merflow.settings.adapters import check_adapter

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/add_corpus.md").read_text(encoding="utf-8")
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text())
HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode\n"


def block(language):
    """Return the page's only block of code in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    """The page's module, entered as its second step says."""
    file = tmp_path / "meld.py"
    file.write_text(block("python"), encoding="utf-8")
    told = importlib.util.spec_from_file_location("meld", file)
    module = importlib.util.module_from_spec(told)
    told.loader.exec_module(module)
    monkeypatch.setitem(registry.ADAPTERS, "meld", module.ADAPTER)
    return module


def sections(text):
    """Return a preset's first line, as ``""``, and its sections: name -> text."""
    first, *others = re.split(r"^(?=\w+:)", text, flags=re.MULTILINE)
    return {"": first.partition("\n")[0]} | {one.partition(":")[0]: one for one in others}


@pytest.fixture
def preset(adapter):
    """Text of the preset that the page's third step makes."""
    made = sections((ROOT / "presets/ravdess.yaml").read_text(encoding="utf-8"))
    made |= sections(block("yaml"))
    return "\n".join([made.pop(""), "".join(made.values())])


@pytest.fixture
def config(adapter, tmp_path):
    """The page's settings, for a miniature."""
    root = tmp_path / "meld"
    for split, folder in adapter.FOLDERS.items():
        (root / folder).mkdir(parents=True)
        rows = []
        for dialogue, utterance in [(0, 0), (0, 1), (1, 0), (125, 3), (110, 7)]:
            said = '"So, no, that is not it."' if utterance else "Hi"
            speaker = "Ross" if dialogue else "Chandler"
            rows.append(f"1,{said},{speaker},joy,positive,{dialogue},{utterance},8,21\n")
            if (split, dialogue) != ("dev", 110):
                (root / folder / f"dia{dialogue}_utt{utterance}.mp4").write_bytes(b"x")
        (root / folder / "._dia0_utt0.mp4").write_bytes(b"x")
        (root / f"{split}_sent_emo.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    config = copy.deepcopy(SMALL)
    config["corpus"] = yaml.safe_load(block("yaml"))["corpus"]
    config["corpus"]["root"] = str(root)
    return config


def test_the_page_s_preset_is_accepted(config):
    assert not list(check_adapter(config))
    (told,) = check_adapter(config | {"corpus": config["corpus"] | {"tests": ["test1"]}})
    assert told.endswith("adapter meld: any of dev, test")


def test_the_page_s_preset_is_one_as_the_project_s_own_are(adapter, preset):
    schema = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
    schema["properties"]["corpus"]["properties"]["adapter"]["enum"].append("meld")
    found = yaml.safe_load(preset)
    settings.check(found, schema)
    table = yaml.safe_load((ROOT / "presets/table.yaml").read_text())
    check_preset("meld", found, table)
    check_folds(found, adapter.ADAPTER)
    check_decoders(found)
    assert [row["split"] for row in found["report"]["rows"]] == ["train", "dev", "test"]
    asked = re.search(r"noise\.root, (\{.*\})$", preset, re.MULTILINE)[1]
    found["report"]["robustness"] = yaml.safe_load(asked)
    found["noise"]["root"] = "musan"
    settings.check(found, schema)


def test_nothing_in_the_page_s_preset_is_said_of_the_corpus_it_began_from(preset):
    assert preset.startswith("# MELD")
    assert not re.search(r"ravdess|actor_|no test set|there is no split", preset, re.IGNORECASE)


def test_the_page_s_import_is_the_registry_s_with_one_name_more():
    text = (ROOT / "src/merflow/corpus/adapters/registry.py").read_text(encoding="utf-8")
    start, names = re.search(r"^(from merflow\.corpus\.adapters import )(.*)$", text, re.M).groups()
    assert f"`{start}{', '.join(sorted([*names.split(', '), 'meld']))}`" in PAGE


def test_the_page_s_adapter_lists_every_clip_by_a_name_of_its_own(config):
    found = {label.clip: label for label in registry.read_corpus(config["corpus"])}
    assert len(found) == 15
    label = found["test_dia0_utt1"]
    assert (label.split, label.emotion, label.speaker) == ("test", "joy", "Chandler")
    assert label.path == "output_repeated_splits_test/dia0_utt1.mp4"
    assert (label.session, found["train_dia0_utt1"].session) == ("test_0", "train_0")
    broken = {clip for clip, label in found.items() if label.defect}
    assert broken == {"train_dia125_utt3", "dev_dia110_utt7"}
    assert len(settings.clips_to_watch(Layout(config).listed)) == 14
    assert Layout(config).corpus_key.startswith("meld-")
    assert Layout(config).valence_name == "valence"


def test_the_page_s_adapter_tells_what_is_wrong(config, adapter, monkeypatch):
    monkeypatch.setattr(adapter, "RELEASED", dict.fromkeys(adapter.FOLDERS, 5))
    assert [one.level for one in inspect(config)] == ["fine", "warning", "fine"]
    csv = Path(config["corpus"]["root"]) / "dev_sent_emo.csv"
    csv.write_text(csv.read_text().replace("joy", "bored", 1))
    (found,) = inspect(config)
    assert "dev_sent_emo.csv, line 2, column 'Emotion': 'bored' is none of" in found.what


def test_the_page_names_what_there_is():
    names = re.findall(r"`((?:src|tests|presets|workflow)/[\w./]+)`", PAGE)
    there = [name for name in names if "meld" not in name]
    assert len(there) >= 5
    assert all((ROOT / name).exists() for name in there)
