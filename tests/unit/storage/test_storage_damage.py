"""Damaged files of a store: named, removed, and only what they held is computed again."""

from dataclasses import dataclass

import numpy as np
import pytest
from safetensors.numpy import save_file

from merflow.storage.shards import ShardStore
from merflow.storage.tensors import DamageError, TensorFile, write_tensors

KEYS = [f"clip{i:02d}" for i in range(13)]


@dataclass(frozen=True)
class Vectors:
    """Items are small arrays."""

    suffix: str = ".safetensors"

    def write(self, path, items, recipe):
        write_tensors(path, dict(items), {"recipe": recipe})

    def keys(self, path):
        file = TensorFile(path)
        return file.said["recipe"], file.names

    def read(self, path, keys):
        file = TensorFile(path)
        return {key: file.tensor(key) for key in keys}


class Killed(BaseException):
    """Stands for a kill."""


def compute(done, limit=99):
    def computed(keys):
        if len(done) + len(keys) > limit:
            raise Killed
        done.extend(keys)
        return {key: np.full(50, int(key[4:]), np.float32) for key in keys}

    return computed


def store(folder):
    return ShardStore(folder / "store", "a", Vectors())


@pytest.fixture
def straight(tmp_path):
    store(tmp_path / "straight").complete(KEYS, compute([]), tmp_path / "straight" / "0.st", 3)
    return (tmp_path / "straight" / "0.st").read_bytes()


def cut(content):
    return content[: len(content) // 3]


def flip_header(content):
    return content.replace(b'"recipe":"a"', b'"recipe":"b"')


def flip_value(content):
    """Flip a bit of every value."""
    start = 8 + int.from_bytes(content[:8], "little")
    return content[:start] + bytes(byte ^ 4 for byte in content[start:])


DAMAGES = [cut, flip_header, flip_value, lambda content: b""]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_costs_its_batch_and_no_more(tmp_path, straight, capsys, damage):
    done = []
    with pytest.raises(Killed):
        store(tmp_path).complete(KEYS, compute(done, 9), tmp_path / "0.st", 3)
    part = sorted((tmp_path / "store").iterdir())[1]
    held = Vectors().keys(part)[1]
    part.write_bytes(damage(part.read_bytes()))
    capsys.readouterr()
    again = []
    count = store(tmp_path).complete(KEYS, compute(again), tmp_path / "0.st", 3)
    assert sorted(again) == sorted([*held, *KEYS[9:]])
    assert count == len(again)
    said = [line for line in capsys.readouterr().out.splitlines() if "damaged" in line]
    assert said == [f"{part} is damaged: removed; what it held is computed again"]
    assert (tmp_path / "0.st").read_bytes() == straight


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_shard_is_made_again_and_its_other_link_stays_for_its_owner(
    tmp_path, straight, damage
):
    run, output = store(tmp_path), tmp_path / "0.st"
    run.complete(KEYS, compute([]), output, 3)
    with output.open("r+b") as file:  # in place, so that both links are damaged
        spoilt = damage(output.read_bytes())
        file.write(spoilt)
        file.truncate(len(spoilt))
    (kept,) = (tmp_path / "store").iterdir()
    assert kept.samefile(output)
    done = []
    assert run.complete(KEYS[2:8], compute(done), tmp_path / "other" / "1.st", 3) == 6
    assert done == KEYS[2:8]
    assert output.read_bytes() == spoilt
    done.clear()
    assert run.complete(KEYS, compute(done), output, 3) == 7
    assert not set(done) & set(KEYS[2:8])
    assert output.read_bytes() == straight


def test_what_another_file_holds_too_is_not_computed_again(tmp_path, straight):
    run = store(tmp_path)
    run.complete(KEYS, compute([]), tmp_path / "0.st", 3)
    run.complete(KEYS[:9], compute([]), tmp_path / "1.st", 3)
    damaged = next(
        path for path in (tmp_path / "store").iterdir() if path.samefile(tmp_path / "1.st")
    )
    damaged.write_bytes(flip_value(damaged.read_bytes()))
    assert run.complete(KEYS, compute([], 0), tmp_path / "2.st", 3) == 0
    assert (tmp_path / "2.st").read_bytes() == straight


def test_the_plan_is_told_of_what_is_computed_again(tmp_path):
    run, plans = store(tmp_path), []
    run.complete(KEYS, compute([]), tmp_path / "0.st", 3)
    (kept,) = (tmp_path / "store").iterdir()
    kept.write_bytes(flip_value(kept.read_bytes()))
    run.complete(KEYS[:5], compute([]), tmp_path / "1.st", 3, plans.append)
    assert plans == [[], [KEYS[:3], KEYS[3:5]]]


def test_a_disk_that_does_not_keep_what_is_written_is_told(tmp_path):
    class Broken(Vectors):
        def write(self, path, items, recipe):
            super().write(path, items, recipe)
            path.write_bytes(flip_value(path.read_bytes()))

    run = ShardStore(tmp_path / "store", "a", Broken())
    with pytest.raises(DamageError, match="part-"):
        run.complete(KEYS, compute([]), tmp_path / "0.st", 3)


def test_a_damaged_file_that_a_neighbour_removes_meanwhile_is_computed_again(tmp_path, straight):
    run = store(tmp_path)
    run.complete(KEYS[:9], compute([]), tmp_path / "0.st", 3)
    (kept,) = (tmp_path / "store").iterdir()

    def computed(keys):
        kept.unlink(missing_ok=True)
        return compute([])(keys)

    assert run.complete(KEYS, computed, tmp_path / "1.st", 4) == 13
    assert (tmp_path / "1.st").read_bytes() == straight


def test_a_file_of_another_version_is_neither_read_nor_removed(tmp_path, straight, capsys):
    run = store(tmp_path)
    old = tmp_path / "store" / "shard-00000000.safetensors"
    old.parent.mkdir()
    save_file({key: np.zeros(50, np.float32) for key in KEYS}, old, {"recipe": "a"})
    content = old.read_bytes()
    assert run.complete(KEYS, compute([]), tmp_path / "0.st", 3) == 13
    assert old.read_bytes() == content
    assert (tmp_path / "0.st").read_bytes() == straight
    assert "damaged" not in capsys.readouterr().out
