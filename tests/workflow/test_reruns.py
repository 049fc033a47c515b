"""What runs again, by the jobs that really ran: DESIGN's table of what must hold."""

import os
import shutil

import pytest
from graph import computed, forget_logs, prediction_bytes
from rerun_table import entry_of, expected, rules_of, without_numbers

pytestmark = pytest.mark.slow

UP_TO_DATE = "Data and pipelines are up to date"


def trained(project, label):
    """Return the run folders of a system."""
    return {path.name for path in (project.folder / "results" / "runs").glob(f"{label}-*")}


def test_a_project_that_was_moved_runs_nothing(copied):
    assert copied.plans(settings=[copied.settings]) == [{}]


def test_stores_that_were_thrown_away_run_nothing(copied):
    stores = sorted(copied.folder.glob("results/*/store"))
    assert len(stores) == 4
    for store in stores:
        shutil.rmtree(store)
    assert copied.plans(settings=[copied.settings]) == [{}]


def test_a_second_call_of_either_tool_runs_nothing(copied):
    assert "Nothing to be done" in copied.snakemake("--cores", "2").text
    assert UP_TO_DATE in copied.repro().text
    assert "Nothing to be done" in copied.snakemake("--cores", "1").text
    assert copied.changes() == []


def test_touching_every_file_runs_nothing(copied):
    # Newest first, so that inputs are left younger than what was made from them.
    files = [path for path in copied.folder.rglob("*") if path.is_file()]
    files = [path for path in files if ".git" not in path.relative_to(copied.folder).parts]
    for path in sorted(files, key=lambda path: -path.stat().st_mtime_ns):
        os.utime(path)
    assert len(files) > 400
    assert "Nothing to be done" in copied.snakemake("--cores", "2").text
    outcome = copied.repro()
    assert outcome.jobs == {}
    assert UP_TO_DATE in outcome.text


def test_a_setting_of_fusion_edited_runs_fusion_and_below(copied):
    before = prediction_bytes(copied.folder)
    copied.edit({"fusion.training.seeds": [0, 1]})
    forget_logs(copied.folder)
    outcome = copied.repro()
    assert without_numbers(outcome.jobs) == expected(entry_of("fusion.training.seeds"))
    assert "Stage 'features' didn't change, skipping" in outcome.text
    # Five trainings of three systems; of each the new seed alone is trained.
    assert computed(copied.folder) == {"fusion_train": 5}
    after = prediction_bytes(copied.folder)
    assert before.items() <= after.items()
    # The other order: DVC first, then Snakemake.
    assert "Nothing to be done" in copied.snakemake("--cores", "2").text


@pytest.fixture(scope="module")
def history(project, tmp_path_factory):
    """A project with a second commit, in which the settings of JDEV were edited.

    Snakemake computed, then DVC recorded. Returns the project and the outcomes of both.
    """
    project = project.copy(tmp_path_factory.mktemp("history") / "project")
    project.edit({"fusion.jdev.delta_init": 0.9, "fusion.jdev.branch_input": "logits"})
    forget_logs(project.folder)
    ran = project.snakemake("--cores", "2")
    recorded = project.repro()
    project.commit("JDEV")
    return project, ran, recorded


def test_a_setting_of_jdev_alone_runs_jdev_systems_and_below(history):
    project, ran, _ = history
    entry = entry_of("fusion.jdev.delta_init")
    assert without_numbers(ran.jobs) == expected(entry)
    assert rules_of(entry["anew"]) >= {"fusion_train_joint_clean", "fusion_train_joint_noise"}
    assert computed(project.folder) == {"fusion_train": 4, "fusion_train_speakers": 2}
    for system in ("all_s1-jdev", "all_s3-jdev"):
        for augmentation in ("clean", "noise"):
            by_speaker = augmentation == "clean"
            # The old ones are kept.
            assert len(trained(project, f"{system}.{augmentation}")) == 2 * (1 + by_speaker)
    assert len(trained(project, "mr_rf-baseline.clean")) == 2  # random folds, and by speaker


def test_dvc_after_snakemake_records_without_a_job(history):
    project, _, recorded = history
    assert recorded.jobs == {}
    assert "Stage 'features' didn't change, skipping" in recorded.text
    assert "Running stage 'benchmark'" in recorded.text
    assert UP_TO_DATE in project.call("dvc", "status")
    diff = project.call("dvc", "metrics", "diff", "HEAD~1")
    assert "all_s1-jdev" in diff
    assert "mr_rf-baseline" not in diff


def test_an_old_commit_and_back_runs_nothing(history, tmp_path):
    project = history[0].copy(tmp_path / "copy")
    for revision in ("main~1", "main"):
        project.call("git", "checkout", "-q", revision)
        outcome = project.repro()
        assert outcome.jobs == {}
        assert UP_TO_DATE in outcome.text
        assert project.changes() == []


def test_snakemake_on_an_old_commit_writes_its_tables_again_and_no_more(history, tmp_path):
    project = history[0].copy(tmp_path / "copy")
    project.call("git", "checkout", "-q", "main~1")
    forget_logs(project.folder)
    outcome = project.snakemake("--cores", "2")
    always = rules_of(["tables", "submissions", "record", "figure 4", "counts"])
    assert outcome.jobs
    assert outcome.jobs.keys() <= always
    assert computed(project.folder) == {}
    assert project.changes() == []


def test_a_fresh_clone_of_history_is_up_to_date(history, tmp_path):
    clone = history[0].clone(tmp_path / "clone")
    assert UP_TO_DATE in clone.call("dvc", "status")
    outcome = clone.repro()
    assert outcome.jobs == {}
    assert clone.changes() == []


def test_a_comment_in_the_package_trains_anew_and_gives_the_same(copied):
    path = copied.folder / "src/merflow/fusion/afg.py"
    path.write_text(path.read_text() + "# A remark.\n")
    before = prediction_bytes(copied.folder)
    forget_logs(copied.folder)
    rule = "fusion_train_plain_clean_0"
    outcome = copied.snakemake("--cores", "2", "--until", rule)
    assert outcome.jobs == {rule: 1}
    assert computed(copied.folder) == {"fusion_train": 1}
    assert prediction_bytes(copied.folder) == before


def test_a_kill_after_the_generator_was_edited_leaves_no_stale_clips(copied):
    path = copied.folder / "src/merflow/corpus/demo/features.py"
    text = path.read_text()
    path.write_text(text.replace("0.55", "0.45"))
    assert path.read_text() != text
    clip = next(copied.folder.glob("results/corpus/*/raw/clips/train/*.mp4"))
    before = clip.read_bytes()
    # As after a kill: the new clips are there, and nothing has looked at them yet.
    assert copied.snakemake("--cores", "2", "--until", "corpus_demo_clips").jobs
    assert clip.read_bytes() != before
    (planned,) = copied.plans(settings=[copied.settings])
    assert rules_of(["check", "faces", "features", "probes"]) <= planned.keys()


@pytest.fixture(scope="module")
def without_noise(project, tmp_path_factory):
    """A project whose systems were at last trained clean alone, by `dvc repro`."""
    project = project.copy(tmp_path_factory.mktemp("clean") / "project")
    present = project.settings
    systems = [system | {"augmentation": ["clean"]} for system in present["fusion"]["systems"]]
    rows = [row | {"augmentation": "clean"} for row in present["report"]["rows"]]
    project.edit({"fusion.systems": systems, "report.rows": rows})
    forget_logs(project.folder)
    assert project.repro().jobs
    return project


def test_systems_that_need_fewer_features_compute_nothing(without_noise):
    assert computed(without_noise.folder) == {}


def test_dvc_agrees_when_systems_need_fewer_features(without_noise):
    assert UP_TO_DATE in without_noise.call("dvc", "status")


def test_no_table_of_settings_past_is_left(without_noise):
    tables = without_noise.folder / "results" / "tables" / "demo"
    assert (tables / "table1.csv").exists()
    assert not sorted(tables.glob("augmentation.*"))
