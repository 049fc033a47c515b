"""Shards: resumed equals straight, neighbours do not disturb, other recipes are never read."""

import json
import os
from dataclasses import dataclass

import pytest

from merflow.storage.atomic import hard_link
from merflow.storage.shards import ShardStore, shard_of

KEYS = [f"clip{i:02d}" for i in range(13)]


@dataclass(frozen=True)
class Plain:
    """Items are numbers in a JSON file."""

    suffix: str = ".json"

    def write(self, path, items, recipe):
        path.write_text(json.dumps({"recipe": recipe, "items": dict(items)}))

    def keys(self, path):
        held = json.loads(path.read_text())
        return held["recipe"], list(held["items"])

    def read(self, path, keys):
        held = json.loads(path.read_text())["items"]
        return {key: held[key] for key in keys}


class Killed(BaseException):
    """Stands for a kill: no handler of errors catches it."""


def compute_until(limit, done):
    def compute(keys):
        if len(done) + len(keys) > limit:
            raise Killed
        done.extend(keys)
        return {key: len(key) + int(key[4:]) for key in keys}

    return compute


def store(folder, recipe="a"):
    return ShardStore(folder / "store", recipe, Plain())


def test_straight_run_computes_each_item_once_in_batches(tmp_path):
    done = []
    count = store(tmp_path).complete(KEYS, compute_until(99, done), tmp_path / "0.json", 4)
    assert count == 13
    assert done == KEYS
    assert Plain().keys(tmp_path / "0.json") == ("a", KEYS)


@pytest.mark.parametrize("limit", range(0, 14, 3))
def test_killed_and_resumed_equals_straight(tmp_path, limit):
    straight = tmp_path / "straight"
    store(straight).complete(KEYS, compute_until(99, []), straight / "0.json", 3)
    resumed, done = tmp_path / "resumed", []
    if limit < 13:
        with pytest.raises(Killed):
            store(resumed).complete(KEYS, compute_until(limit, done), resumed / "0.json", 3)
    assert len(done) >= limit - 2
    rest = []
    store(resumed).complete(KEYS, compute_until(99, rest), resumed / "0.json", 3)
    assert not set(done) & set(rest)
    assert (resumed / "0.json").read_bytes() == (straight / "0.json").read_bytes()
    (kept,) = (resumed / "store").iterdir()
    assert kept.name.startswith("shard-")
    assert kept.samefile(resumed / "0.json")


def test_deleted_output_is_assembled_from_the_store(tmp_path):
    store(tmp_path).complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    before = (tmp_path / "0.json").read_bytes()
    (tmp_path / "0.json").unlink()
    assert store(tmp_path).complete(KEYS, compute_until(0, []), tmp_path / "0.json", 5) == 0
    assert (tmp_path / "0.json").read_bytes() == before


def test_grown_and_shrunk_shards_compute_only_what_is_new(tmp_path):
    run = store(tmp_path)
    run.complete(KEYS[:8], compute_until(99, []), tmp_path / "0.json", 5)
    done = []
    assert run.complete(KEYS, compute_until(99, done), tmp_path / "0.json", 5) == 5
    assert done == KEYS[8:]
    assert run.complete(KEYS[2:5], compute_until(0, []), tmp_path / "0.json", 5) == 0
    assert Plain().keys(tmp_path / "0.json")[1] == KEYS[2:5]


def test_another_recipe_is_computed_anew(tmp_path):
    store(tmp_path).complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    done = []
    store(tmp_path, "b").complete(KEYS, compute_until(99, done), tmp_path / "0.json", 5)
    assert done == KEYS


def test_part_merged_by_a_neighbour_meanwhile_is_found_again(tmp_path):
    run = store(tmp_path)
    with pytest.raises(Killed):
        run.complete(KEYS[:6], compute_until(3, []), tmp_path / "0.json", 3)

    def compute(keys):
        # The neighbour finishes while this shard, which listed its part, is at work.
        run.complete(KEYS[:6], compute_until(99, []), tmp_path / "0.json", 3)
        return dict.fromkeys(keys, 0)

    shared = [*KEYS[:2], "clip90"]
    assert run.complete(shared, compute, tmp_path / "1.json", 3) == 1
    assert Plain().keys(tmp_path / "1.json")[1] == shared


def test_empty_shard_is_written(tmp_path):
    assert store(tmp_path).complete([], compute_until(0, []), tmp_path / "0.json", 5) == 0
    assert Plain().keys(tmp_path / "0.json") == ("a", [])


def test_torn_write_of_a_kill_is_removed(tmp_path):
    class Torn(Plain):
        def write(self, path, items, recipe):
            path.write_text("{")
            os._exit(9)

    run = ShardStore(tmp_path / "store", "a", Torn())
    child = os.fork()
    if not child:
        run.complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    os.waitpid(child, 0)
    assert [path.name[:6] for path in (tmp_path / "store").iterdir()] == [".part-"]
    store(tmp_path).complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    assert [path.name[:6] for path in (tmp_path / "store").iterdir()] == ["shard-"]


def test_torn_link_of_a_kill_is_removed_and_a_neighbours_is_left(tmp_path, monkeypatch):
    run = store(tmp_path)
    run.complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    child = os.fork()
    if not child:
        monkeypatch.setattr("pathlib.Path.replace", lambda *_: os._exit(9))
        hard_link(tmp_path / "0.json", next((tmp_path / "store").iterdir()))
    os.waitpid(child, 0)
    neighbour = tmp_path / "store" / ".shard-00000000.7.json"
    neighbour.touch()
    assert len(list((tmp_path / "store").iterdir())) == 3
    store(tmp_path).complete(KEYS, compute_until(99, []), tmp_path / "0.json", 5)
    left = sorted(path.name[:7] for path in (tmp_path / "store").iterdir())
    assert left == [".shard-", "shard-" + left[1][-1]]
    assert neighbour.exists()


def test_unfinished_parts_outlive_another_corpus_in_the_same_store(tmp_path):
    run, done = store(tmp_path), []
    with pytest.raises(Killed):
        run.complete(KEYS, compute_until(8, done), tmp_path / "a" / "0-of-2.json", 4)
    others = ["clip50", "clip51"]
    run.complete(others, compute_until(99, []), tmp_path / "b" / "0-of-2.json", 4)
    rest = []
    run.complete(KEYS, compute_until(99, rest), tmp_path / "a" / "0-of-2.json", 4)
    assert rest == KEYS[len(done) :]


def test_a_kill_while_the_shard_is_kept_loses_nothing(tmp_path, monkeypatch):
    run = store(tmp_path)
    run.complete(KEYS[:9], compute_until(99, []), tmp_path / "0.json", 4)
    with monkeypatch.context() as patch:
        patch.setattr("os.link", lambda *args: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            run.complete(KEYS, compute_until(99, []), tmp_path / "0.json", 4)
    (tmp_path / "0.json").unlink()  # as Snakemake does with what a killed job left
    assert run.complete(KEYS, compute_until(0, []), tmp_path / "0.json", 4) == 0


def test_shard_of_a_clip_depends_on_nothing_else_and_spreads():
    assert all(shard_of(key, 1) == 0 for key in KEYS)
    counts = [sum(shard_of(f"sample_{i:08d}", 4) == k for i in range(4000)) for k in range(4)]
    assert min(counts) > 900
