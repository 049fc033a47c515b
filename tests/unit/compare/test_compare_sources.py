"""What may be named, and what is said of what is not there."""

from pathlib import Path

import pytest

from merflow.compare.sources import resolve


def path_of(project, text, reading="honest", start=None):
    return resolve(text, project.layout, reading, start or Path.cwd()).path


def test_a_system_is_its_clean_run_unless_noise_is_named(project):
    clean = project.run("hl-jdev", 1.0)
    noise = project.run("hl-jdev", 1.0, "noise")
    assert path_of(project, "hl-jdev") == clean / "predictions-honest.parquet"
    assert path_of(project, "hl-jdev:clean") == clean / "predictions-honest.parquet"
    assert path_of(project, "hl-jdev:noise", "organiser") == noise / "predictions-organiser.parquet"


def test_a_folder_and_a_file_are_relative_to_where_one_stands(project, monkeypatch):
    folder = project.run("hl-jdev", 1.0).absolute()
    project.run("hl-baseline", 1.0)
    monkeypatch.chdir(folder.parent)
    page = project.compare(folder.name, "hl-baseline")
    assert f"A: {folder.name} (" in page
    monkeypatch.chdir(folder)
    page = project.compare("predictions-organiser.parquet", "hl-baseline")
    assert "A: predictions-organiser.parquet (" in page
    assert "A organiser reading, B honest reading, seeds" in page
    assert "The two readings differ" in page


def test_a_file_is_of_no_reading_that_one_asks_for(project):
    project.run("hl-jdev", 1.0)
    project.file("a.parquet", 1.0, seed=1)
    project.file("b.parquet", 1.0, seed=2)
    page = project.compare("a.parquet", "b.parquet", "--reading", "organiser")
    assert "In Com, as the files have it, seeds" in page
    assert "organiser" not in page
    page = project.compare("hl-jdev", "a.parquet")
    assert "A honest reading, B as the file has it" in page
    assert "the reading is not known" in page


def test_a_variant_of_an_ensemble_is_a_name_too(project):
    files = project.layout.predictions()
    path = Path(files["fused-jdev (equal weights)|clean|honest"])
    path.parent.mkdir(parents=True)
    project.file(path, 1.0)
    assert path_of(project, "fused-jdev (equal weights)") == path


def test_a_commit_s_run_is_found_by_its_settings(project):
    old = project.run("hl-jdev", 0.3)
    commit = project.commit()
    project.config["fusion"]["training"]["epochs"] += 1
    project.write_settings()
    new = project.run("hl-jdev", 3.0)
    assert old != new
    assert path_of(project, f"{commit}:hl-jdev") == old / "predictions-honest.parquet"
    assert path_of(project, "HEAD:hl-jdev:clean") == old / "predictions-honest.parquet"
    assert project.compare("hl-jdev", f"{commit[:8]}:hl-jdev").count("A is better") == 3


def test_a_commit_without_its_run_here_says_how_to_get_it(project, refused):
    project.run("hl-jdev", 1.0)
    commit = project.commit()
    told = refused("hl-jdev", f"{commit}:hl-baseline")
    assert "git worktree add" in told
    assert "run snakemake" in told
    assert "has no system 'hl-basline': do you mean 'hl-baseline'" in refused(
        "hl-jdev", f"{commit}:hl-basline"
    )


def test_a_commit_of_another_version_or_none_is_a_sentence(project, refused):
    project.run("hl-jdev", 1.0)
    assert "there is no commit 'nowhere'" in refused("hl-jdev", "nowhere:hl-jdev")
    Path("params.yaml").write_text("corpus: {name: other}\n", encoding="utf-8")
    commit = project.commit()
    project.write_settings()
    assert "of another version of merflow" in refused("hl-jdev", f"{commit}:hl-jdev")
    assert "there is no commit '--output=x'" in refused("hl-jdev", "--", "--output=x:hl-jdev")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hl-jdve", "do you mean 'hl-jdev'"),
        ("xyz", "it has mr_rf-baseline, "),
        ("nothing.parquet", "there are no predictions at "),
        ("results/runs/nothing", "there are no predictions at "),
        ("all_s1-jdev", "are not made yet"),
    ],
)
def test_what_is_not_there_is_a_sentence(project, refused, name, words):
    project.run("hl-jdev", 1.0)
    assert words in refused("hl-jdev", name)
    assert words in refused(name, "hl-jdev")


def test_an_augmentation_that_is_not_trained_is_a_sentence(project, refused):
    for system in project.config["fusion"]["systems"]:
        system["augmentation"] = ["clean"]
    project.config["report"]["rows"] = project.config["report"]["rows"][:2]
    project.write_settings()
    project.run("hl-jdev", 1.0)
    assert "is not trained 'noise', but 'clean'" in refused("hl-jdev", "hl-jdev:noise")


def test_files_of_another_corpus_are_refused(project, refused):
    project.run("hl-jdev", 1.0)
    other = project.predictions(0, 1.0)
    other.assign(clip="x" + other["clip"]).to_parquet("other.parquet", index=False)
    assert "other.parquet predicts no labelled clip of" in refused("hl-jdev", "other.parquet")
    other.rename(columns={"p_sad": "p_bored"}).to_parquet("other.parquet", index=False)
    assert "other.parquet has the columns" in refused("hl-jdev", "other.parquet")
    folds = other.assign(fold=(other["fold"] + 1) % 5)
    folds.to_parquet("other.parquet", index=False)
    assert "other folds" in refused("hl-jdev", "other.parquet")
    other.assign(layer="1").to_parquet("other.parquet", index=False)
    assert "holds probes" in refused("hl-jdev", "other.parquet")
    Path("other.parquet").write_text("no parquet", encoding="utf-8")
    assert "no readable parquet" in refused("hl-jdev", "other.parquet")


def test_trainings_with_other_seeds_are_refused(project, refused):
    project.file("a.parquet", 1.0, seeds=(0,))
    project.file("b.parquet", 1.0, seeds=(1,))
    assert "train both with a common seed" in refused("a.parquet", "b.parquet")


def test_no_common_split_is_a_sentence(project, refused):
    project.file("a.parquet", 1.0, splits=("train",))
    project.file("b.parquet", 1.0, splits=("test1",))
    assert "cannot be compared by Com on any split" in refused("a.parquet", "b.parquet")


def test_without_labels_or_project_it_says_what_to_do(project, refused, monkeypatch, tmp_path):
    project.run("hl-jdev", 1.0)
    Path(project.layout.folds).unlink()
    assert "run snakemake first" in refused("hl-jdev", "hl-jdev")
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    monkeypatch.chdir(tmp_path.parent)
    assert "there is no params.yaml" in refused("hl-jdev", "hl-jdev")
