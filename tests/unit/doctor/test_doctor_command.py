"""`merflow doctor` as a whole: what it prints, its exit code, and that it writes nothing."""

import os
from pathlib import Path

import pytest

from merflow.doctor.checks import CHECKS


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path below a folder with its size and the time of its change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_size if path.is_file() else 0, status.st_mtime_ns)
    return found


def test_a_sound_project_has_no_error_and_nothing_is_written(run, project):
    before = tree(project.folder)
    shown = run("doctor")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[-1] == "0 errors, 1 warning"
    assert "faces.backend is cascade" in shown.output
    for check in CHECKS:
        assert check.title in lines
    # The first names a file, wherever that lies.
    assert max(map(len, lines[1:])) <= 100
    assert tree(project.folder) == before


def test_measuring_runs_the_encoders_and_writes_nothing(run, project):
    before = tree(project.folder)
    shown = run("doctor", "--measure")
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("measured on one clip, made up") == 3
    assert tree(project.folder) == before


def test_all_that_is_wrong_is_told_at_once_with_code_1(run, project):
    project.config["faces"]["colour"] = "red"
    project.config["corpus"]["csv"] = "nowhere.csv"
    project.save()
    (project.folder / "weights/manet.pth").write_bytes(b"spoilt")
    shown = run("doctor")
    assert shown.exit_code == 1
    assert "unknown key faces.colour" in shown.output
    assert "nowhere.csv" in shown.output
    assert "manet.pth" in shown.output
    assert "not looked at, as faces of params.yaml" in shown.output
    assert "what depends on faces is not looked at" in shown.output
    assert "whether faces agrees with the other sections is not looked at" in shown.output


def test_a_list_of_clips_that_is_not_there_or_none_is_told_once(run, project):
    project.config["faces"]["backend"] = "precropped"
    project.config["faces"]["precropped"]["root"] = "clips"
    project.save()
    (project.folder / "labels.csv").write_bytes(b"\xff\xfe\xfd")
    shown = run("doctor").output
    assert shown.count("labels.csv") == 1
    assert "1 error," in shown
    (project.folder / "labels.csv").unlink()
    shown = run("doctor").output
    assert shown.count("corpus.csv is 'labels.csv', but there is nothing at") == 1
    assert "1 error," in shown


def test_it_works_below_the_project_and_says_where(run, project, monkeypatch):
    below = project.folder / "clips"
    monkeypatch.chdir(below)
    shown = run("doctor")
    assert shown.exit_code == 0, shown.output
    assert str(project.folder / "params.yaml") in shown.output.replace("\n", "")
    assert Path.cwd() == below


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.unlink(), "there is no params.yaml"),
        (lambda file: file.write_text(""), "the file is None"),
        (lambda file: file.write_text("- 1\n"), "a mapping"),
        (lambda file: file.write_text("a: [\n"), "is no YAML"),
        (lambda file: file.write_text("[" * 5000), "is no YAML"),
        (lambda file: file.write_bytes(b"\xff\xfe\x00"), "is no YAML"),
        (lambda file: file.write_text("corpus: {}\nfaces: 3\n"), "key noise is missing"),
        (lambda file: (file.unlink(), os.mkfifo(file)), "there is no params.yaml"),
    ],
)
def test_settings_that_are_none_are_one_of_the_findings(run, project, spoil, told):
    spoil(project.folder / "params.yaml")
    shown = run("doctor")
    assert shown.exit_code == 1
    assert told in " ".join(shown.output.split())
    assert not isinstance(shown.exception, Exception)
    assert shown.output.splitlines()[-1].endswith(" warnings")
