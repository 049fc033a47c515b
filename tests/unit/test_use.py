"""``merflow use``: a preset replaces ``params.yaml``, and nobody's settings are lost."""

import os
import shutil
from pathlib import Path

import pytest

from merflow.errors import MerflowError
from merflow.use import find_project, listing, presets, purpose, use

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path):
    """A project with the real presets and schema, without a ``params.yaml``."""
    (tmp_path / "Snakefile").touch()
    for folder in ("presets", "workflow/schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def text(path):
    return path.read_text(encoding="utf-8")


def test_project_is_the_nearest_one_above_else_that_of_the_package(project, tmp_path_factory):
    inside = project / "results" / "deep"
    inside.mkdir(parents=True)
    outside = tmp_path_factory.mktemp("outside")
    assert find_project(inside) == project
    assert find_project(outside) == ROOT
    assert find_project(outside, inside) == project


def test_a_package_without_a_project_is_told_where_it_was_looked_for(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    with pytest.raises(MerflowError) as caught:
        find_project(tmp_path / "here", tmp_path / "there")
    for part in (str(tmp_path / "here"), str(tmp_path / "there"), "Snakefile", "presets/"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_command_lists_without_a_name_and_replaces_with_one(run, project, monkeypatch):
    monkeypatch.chdir(project)
    listed = run("use")
    assert listed.exit_code == 0
    assert not (project / "params.yaml").exists()
    for name, path in presets(project).items():
        assert name in listed.output
        assert purpose(path) in listed.output
    assert run("use", "small").exit_code == 0
    assert text(project / "params.yaml") == text(project / "presets" / "small.yaml")


def test_listing_says_which_preset_is_in_use(project):
    assert "there is no" in listing(project)
    use(project, "small")
    assert listing(project).endswith("params.yaml is small.")
    (project / "params.yaml").write_text("corpus: {}\n")
    assert listing(project).endswith("params.yaml is none of them.")


@pytest.mark.parametrize("name", ["demos", "", "../presets/demo", "demo.yaml"])
def test_unknown_name_is_told_with_the_choices_and_changes_nothing(project, name):
    with pytest.raises(MerflowError, match=r"choose one of .*, demo, ") as caught:
        use(project, name)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (project / "params.yaml").exists()


@pytest.mark.parametrize("name", sorted(presets(ROOT)))
def test_every_preset_says_what_it_is_for_and_can_be_used(project, name):
    use(project, name)
    assert text(project / "params.yaml") == text(ROOT / "presets" / f"{name}.yaml")
    assert purpose(ROOT / "presets" / f"{name}.yaml")


def test_from_preset_to_preset_nothing_is_kept_for_nothing_is_lost(project):
    for name in ("demo", "table", "table", "demo"):
        use(project, name)
    assert {path.name for path in project.iterdir()} == {
        "Snakefile",
        "params.yaml",
        "presets",
        "workflow",
    }


def test_every_edit_is_kept_once(project):
    params = project / "params.yaml"
    for number in (1, 2, 1, 2):
        params.write_text(f"# edit {number}\n")
        told = use(project, "demo")
        name = "params.yaml.bak" if number == 1 else "params.yaml.bak-2"
        assert str(project / name) in told
        assert text(project / name) == f"# edit {number}\n"
    assert len(list(project.glob("params.yaml*"))) == 3


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(project, tmp_path_factory):
    mine = tmp_path_factory.mktemp("elsewhere") / "mine.yaml"
    mine.write_text("# mine\n")
    (project / "params.yaml").symlink_to(mine)
    use(project, "demo")
    assert text(mine) == "# mine\n"
    assert text(project / "params.yaml.bak") == "# mine\n"
    assert not (project / "params.yaml").is_symlink()


@pytest.mark.parametrize(
    ("content", "told"),
    [("corpus: [", "no YAML"), ("corpus: {}\n", "is missing"), ("- 1\n", "a mapping")],
)
def test_a_preset_that_cannot_be_is_told_and_changes_nothing(project, content, told):
    params, broken = project / "params.yaml", project / "presets" / "broken.yaml"
    params.write_text("# mine\n")
    broken.write_text(content)
    with pytest.raises(MerflowError, match=told) as caught:
        use(project, "broken")
    assert str(caught.value).startswith(str(broken))
    assert "\n" not in str(caught.value)
    assert "params.yaml" not in str(caught.value)
    assert text(params) == "# mine\n"
    assert not (project / "params.yaml.bak").exists()


def test_a_failed_write_leaves_the_old_settings_and_is_told(project, monkeypatch):
    params = project / "params.yaml"
    params.write_text("# mine\n")

    def full(_source, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MerflowError, match="No space left"):
        use(project, "demo")
    assert text(params) == "# mine\n"
    assert [path for path in os.listdir(project) if path.startswith(".")] == []


def test_a_folder_in_the_place_of_the_settings_is_told(project):
    (project / "params.yaml").mkdir()
    with pytest.raises(MerflowError, match="cannot be replaced"):
        use(project, "demo")
