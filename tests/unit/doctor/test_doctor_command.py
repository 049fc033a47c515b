"""`merflow doctor` as a whole: what it prints, its exit code, and that it writes nothing."""

import os
import shutil
from pathlib import Path

import pytest

from merflow.doctor import disk, hours
from merflow.doctor.amounts import encodings
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


def without_recordings(project):
    project.config["noise"]["root"] = "nowhere"
    project.save()
    return "noise.root is 'nowhere'"


def without_a_sound_recording(project):
    shutil.rmtree("musan/speech")
    return "holds no wav or flac file"


def without_films(project):
    for file in Path("clips").iterdir():
        file.write_bytes(b"no film" * 100)
    return "has a header that tells a length"


def without_a_folder_of_clips(project):
    project.config["corpus"]["root"] = "nowhere"
    project.save()
    return "corpus.root is 'nowhere'"


def with_a_wrong_row(project):
    project.rows(lambda rows: rows[3].__setitem__(2, "cross"))
    return "labels.csv, line 5"


def with_a_list_that_never_ends(project):
    Path("labels.csv").unlink()
    os.mkfifo("labels.csv")
    return "labels.csv is a folder or device"


@pytest.mark.parametrize(
    ("spoil", "known"),
    [
        (without_recordings, True),
        (without_a_sound_recording, True),
        (without_films, False),
        (without_a_folder_of_clips, False),
        (with_a_wrong_row, False),
        (with_a_list_that_never_ends, False),
    ],
)
def test_what_keeps_amounts_from_being_known_is_told_once_in_its_own_words(
    run, project, spoil, known
):
    told = spoil(project)
    shown = " ".join(run("doctor").output.split())
    assert shown.count(told) == 1, shown
    assert "mend the corpus first" not in shown
    for title, amount, estimate in (
        ("machine", "memory", "memory: about"),
        ("disk", "room", "to be written"),
        ("hours", "hours", "in all about"),
    ):
        assert f" {title} " in shown
        assert (estimate in shown) == known, title
        assert (f"{amount}: not estimated, for a reason that is told above" in shown) != known


def test_without_recordings_all_amounts_are_those_that_there_are_with_them(project):
    def amounts():
        case = project.case()
        steps = {step.name: step.jobs for step in hours._steps(case)}
        made = [hours._encoder_step(case, one, 16) for one in encodings(case)]
        return disk._parts(case), encodings(case), steps, made, hours._fusion(case)

    with_them = amounts()
    for spoil in (without_a_sound_recording, without_recordings):
        spoil(project)
        assert amounts() == with_them


def test_without_recordings_what_is_made_of_clean_clips_still_counts_as_made(project):
    for path in project.case().layout.feature_shards("HL", "clean"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    without_recordings(project)
    assert {one.name: one.left for one in encodings(project.case())} == {
        "HL": 0.5,
        "RF": 1.0,
        "MR": 1.0,
    }


def test_sections_that_read_the_report_say_that_it_is_wrong(run, project):
    project.config["report"] = 5
    project.save()
    shown = run("doctor").output
    # noise, machine, disk and hours
    assert shown.count("not looked at, as report of params.yaml cannot be read") == 4
    assert "not looked at to the end" not in shown


def test_a_film_whose_name_is_not_utf8_is_named_by_its_bytes(run, project):
    shutil.copy("clips/clip00.mp4", b"clips/" + "\u8bdd.mp4".encode("gbk"))
    shown = run("doctor")
    assert shown.exit_code == 0, shown.exception
    assert r"stand in no row and are not used (\xbb\xb0.mp4)" in " ".join(shown.output.split())


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
