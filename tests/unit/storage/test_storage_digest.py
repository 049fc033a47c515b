"""Digests and atomic files."""

import pytest

from merflow.seeds import generator, seed_of
from merflow.storage.atomic import replacing, write_text
from merflow.storage.digest import code_digest, digest8, file_sha256, package_files


def test_order_of_keys_does_not_matter_but_values_do():
    assert digest8({"a": 1, "b": [2.5]}) == digest8({"b": [2.5], "a": 1})
    assert digest8({"a": 1}) != digest8({"a": 1.5})
    assert digest8([1, 2]) != digest8([2, 1])


def test_not_a_number_has_no_digest():
    with pytest.raises(ValueError, match="Out of range"):
        digest8({"a": float("nan")})


def test_file_sha256_is_the_known_one(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(path) == known


def test_code_digest_follows_the_files_of_the_package(tmp_path, monkeypatch):
    folder = tmp_path / "toy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_digest("toy_package")
    assert [path.name for path in package_files("toy_package")] == ["__init__.py", "one.py"]
    (folder / "one.py").write_text("A = 2\n")
    assert code_digest("toy_package") != before
    with pytest.raises(ModuleNotFoundError):
        code_digest("no_such_package_anywhere")


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old\n")

    def torn():
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        torn()
    assert path.read_text() == "old\n"
    assert [item.name for item in path.parent.iterdir()] == ["file.txt"]


def test_seeds_follow_from_names_alone():
    assert seed_of(0, "noise", "clip", 1) == seed_of(0, "noise", "clip", 1)
    many = {seed_of(s, p, c) for s in range(5) for p in ("fold", "noise") for c in "abc"}
    assert len(many) == 30
    assert generator(1, "x").random() == generator(1, "x").random()
