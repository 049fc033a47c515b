"""Whatever stands in the settings or lies in the folders, the doctor ends with findings."""

import copy
import os
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merflow.doctor import examine as examining
from merflow.doctor.checks import Check
from merflow.doctor.examine import examine

ODD = [None, True, -1, 0, 10**30, 1.5, float("nan"), "", "x", "\0", "a{b}", "../..", "/dev/null"]
ODD += [[], {}, [None], {"a": 1}, {1: 2}, "results", ".", "x" * 5000, "\ud800"]


def places(node, path=()):
    """Return the path of every value in the settings."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in pairs:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def put(config, path, value):
    node = config
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value


def seen(folder):
    """Examine the folder and return all findings, none of them a fault of merflow."""
    found = [one for _, part in examine(folder, measure=False) for one in part]
    assert found
    assert not [one for one in found if "this is a fault of merflow" in one.todo], found
    assert all(one.todo or one.level == "fine" for one in found)
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place_gives_findings(project, data):
    config = copy.deepcopy(project.config)
    for _ in range(data.draw(st.integers(1, 2))):
        value = data.draw(st.sampled_from(ODD))
        try:
            put(config, data.draw(st.sampled_from(places(project.config))), value)
        except (KeyError, TypeError, IndexError):  # below a value that was put before
            continue
    text = yaml.safe_dump(config, allow_unicode=False)
    Path("params.yaml").write_text(text, encoding="utf-8")
    seen(project.folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: shutil.rmtree("clips"),
        lambda: (shutil.rmtree("clips"), Path("clips").touch()),
        lambda: (shutil.rmtree("clips"), Path("clips").symlink_to("clips")),
        lambda: [path.unlink() for path in Path("clips").iterdir()],
        lambda: (Path("clips/clip00.mp4").unlink(), os.mkfifo("clips/clip00.mp4")),
        lambda: (Path("labels.csv").unlink(), os.mkfifo("labels.csv")),
        lambda: (shutil.rmtree("musan"), Path("musan").touch()),
        lambda: Path("musan/speech").rename("musan/.speech"),
        lambda: (Path("weights/manet.pth").unlink(), os.mkfifo("weights/manet.pth")),
        lambda: (Path("weights/manet.pth").unlink(), Path("weights/manet.pth").mkdir()),
        lambda: Path("weights/hubert/config.json").write_text("[1]"),
        lambda: Path("weights/hubert/config.json").write_bytes(b"\xff"),
        lambda: Path("weights/hubert/model.safetensors").write_bytes(b""),
        lambda: Path("results").touch(),
        lambda: Path("results").symlink_to("results"),
    ],
)
def test_whatever_lies_in_the_folders_gives_findings(project, spoil):
    spoil()
    assert "error" in {one.level for one in seen(project.folder)} or Path("clips").is_dir()


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(project, monkeypatch):
    def broken(case):
        raise ZeroDivisionError("by zero")
        yield

    def forbidden(case):
        raise PermissionError(13, "Permission denied", "some/file")
        yield

    checks = (Check("one", (), broken), Check("two", (), forbidden), *examining.CHECKS[:1])
    monkeypatch.setattr(examining, "CHECKS", checks)
    found = dict(examine(project.folder, measure=False))
    [one], [two] = found["one"], found["two"]
    assert one.level == "warning"
    assert "ZeroDivisionError: by zero" in one.what
    assert "report it" in one.todo
    assert two.level == "error"
    assert "some/file cannot be read (Permission denied)" in two.what
    assert list(found)[-1] == examining.CHECKS[-1].title
