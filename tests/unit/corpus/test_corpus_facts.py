"""Decoding facts: what is written is read, and no changed byte goes unnoticed."""

import json

import pytest

from merflow.corpus.facts import FactsCodec
from merflow.storage.shards import ShardStore
from merflow.storage.tensors import DamageError, VersionError

FACTS = {
    "a" * 64: {"duration": "1.250", "reason": "", "detail": ""},
    "b" * 64: {"duration": "", "reason": "no_sound", "detail": "kein Ton: é"},
}


@pytest.fixture
def path(tmp_path):
    FactsCodec().write(tmp_path / "facts.json", FACTS, "r")
    return tmp_path / "facts.json"


def test_what_is_written_is_read(path):
    assert FactsCodec().keys(path) == ("r", list(FACTS))
    assert FactsCodec().read(path, list(FACTS)) == FACTS


def test_no_changed_character_goes_unnoticed(path):
    content = path.read_text()
    for place in range(len(content)):
        changed = content[:place] + ("7" if content[place] != "7" else "8") + content[place + 1 :]
        path.write_text(changed)
        # The space between two parts says nothing.
        if content[place].isspace() and changed.split() == content.split():
            continue
        with pytest.raises(DamageError):
            FactsCodec().keys(path)


def test_a_torn_file_costs_what_it_held_and_no_more(tmp_path, capsys):
    store = ShardStore(tmp_path / "store", "r", FactsCodec())
    store.complete(list(FACTS), lambda keys: {k: FACTS[k] for k in keys}, tmp_path / "0.json", 1)
    (kept,) = (tmp_path / "store").iterdir()
    kept.write_text(kept.read_text()[:90])
    again = []

    def decoded(keys):
        again.extend(keys)
        return {key: FACTS[key] for key in keys}

    assert store.complete(list(FACTS), decoded, tmp_path / "0.json", 1) == 2
    assert again == list(FACTS)
    assert f"{kept} is damaged: removed" in capsys.readouterr().out


def test_facts_of_an_earlier_version_are_left_alone(tmp_path):
    old = tmp_path / "store" / "shard-00000000.json"
    old.parent.mkdir()
    old.write_text(json.dumps({"recipe": "r", "items": FACTS}))
    with pytest.raises(VersionError, match="of another version"):
        FactsCodec().read(old, list(FACTS))
    assert ShardStore(old.parent, "r", FactsCodec()).find(FACTS) == {}
    assert old.exists()
