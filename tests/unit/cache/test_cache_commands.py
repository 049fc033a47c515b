"""``merflow cache`` as its user meets it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from merflow.cache.commands import group
from merflow.cache.listing import listing
from merflow.cache.sizes import readable
from merflow.cache.used import present_runs
from merflow.cache.verify import prove, proved_files
from merflow.errors import MerflowError
from merflow.storage.shards import kept_as

CALL = "from merflow.cli import main; main()"
RESULTS = Path("results")


def in_its_own_process(*arguments):
    """Call the command line in a process of its own: its lock ends with it."""
    call = [sys.executable, "-c", CALL, "cache", *arguments]
    done = subprocess.run(call, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def call(monkeypatch):
    """Return a function that calls the command line in this process, without a lock."""
    monkeypatch.setattr("merflow.lock.RunLock.take", lambda lock: None)

    def called(*arguments, told=""):
        result = CliRunner().invoke(group, arguments, input=told)
        if isinstance(result.exception, MerflowError):
            return 1, str(result.exception)
        return result.exit_code, result.output

    return called


def test_ls_shows_rows_layers_bytes_and_use(project):
    layout = project.layout
    old = f"results/features/OLD-00000000/clean/{layout.corpus_key}/0-of-1.safetensors"
    project.shard(old, "results/features/store/OLD", rows=7)
    lines = listing(RESULTS, project.used(), present_runs(layout)).splitlines()
    cells = {tuple(line.split()[:2]): line.split()[2:] for line in lines if line}
    shown = cells[layout.encoder_key("HL"), "clean"]
    size = Path(layout.feature_shards("HL", "clean")[0]).stat().st_size
    assert shown[1:] == ["1", "3", "2", "x", "4", *readable(size).split(), "yes"]
    assert cells["OLD-00000000", "clean"][-1] == "no"
    assert cells["OLD-00000000", "clean"][2] == "7"
    faces = cells[layout.faces_key, layout.corpus_key]
    assert faces[:2] == ["1", "4"]
    assert faces[-1] == "yes"
    assert any(
        line.startswith("runs ") and line.endswith(str(len(present_runs(layout)))) for line in lines
    )


def test_ls_of_nothing_and_of_damage_is_still_a_table(project, tmp_path):
    shard = Path(project.layout.feature_shards("HL", "clean")[0])
    shard.write_bytes(b"no features")
    assert "damaged" in listing(RESULTS, project.used(), [])
    (tmp_path / "empty").mkdir()
    assert "no features" in listing(tmp_path / "empty", set(), [])


def test_verify_reads_each_file_once_and_no_weights(project):
    files = dict(proved_files(RESULTS))
    assert not [path for path in files if "weights" in path.parts]
    facts = [path for path in files if path.suffix == ".json"]
    assert len(facts) == 1
    project.write("results/features/store/HL/.part-1-2.33.safetensors", b"torn")
    proof = prove(RESULTS)
    assert proof.files == (len(files) - 1) / 2 + 1
    assert proof.damaged == []
    small = facts[0].stat().st_size
    assert proof.size == (sum(status.st_size for status in files.values()) - small) / 2 + small


def test_verify_names_all_links_and_removes_them_when_told(project, spoil, call):
    shard = Path(project.layout.feature_shards("RF", "noise")[0])
    crops = Path(project.layout.faces, "crops-0-of-1.safetensors")
    assert call("verify")[0] == 0
    spoil(shard)
    spoil(crops)
    before = project.files()
    code, text = call("verify")
    assert code == 1
    damaged = {line.removeprefix("damaged: ") for line in text.splitlines() if "damaged: " in line}
    assert len(damaged) == 4
    assert {shard.as_posix(), crops.as_posix()} < damaged
    assert project.files() == before
    code, text = call("verify", "--remove")
    assert code == 0
    assert before - project.files() == damaged
    assert call("verify")[0] == 0


def test_files_of_another_version_are_told_apart_and_never_removed(project, call):
    old = project.write("results/features/OLD-00000000/clean/x/0-of-1.safetensors")
    save_file({"0": np.ones((2, 3), np.float32)}, old)
    code, text = call("verify", "--remove")
    assert code == 0
    assert f"of another version: {old}" in text
    assert "damaged" not in text
    assert "removed" not in text
    assert old.exists()
    assert "of another version" in listing(RESULTS, project.used(), [])


def test_damage_on_a_bigger_disk_that_is_linked_is_found(project, spoil, tmp_path):
    shard = Path(project.layout.feature_shards("HL", "clean")[0])
    store = Path(project.layout.feature_store("HL"))
    store.rename(tmp_path / "disk")
    store.symlink_to(tmp_path / "disk")
    Path("results/features/round").symlink_to(Path("results").absolute())
    shard.unlink()
    (kept,) = store.glob(f"{kept_as(shard)}*")
    spoil(kept)
    assert prove(RESULTS).damaged == [[kept]]


def test_facts_are_proved_too(project, spoil, call):
    facts = Path("results/corpus/store/shard-00000000.json")
    facts.write_text(facts.read_text()[:-20])
    code, text = call("verify")
    assert code == 1
    assert f"damaged: {facts}" in text


def test_files_that_go_meanwhile_and_folders_named_as_files_are_no_traceback(
    project, call, monkeypatch
):
    shard = Path(project.layout.feature_shards("HL", "clean")[0])
    gone = shard.with_name("0-of-2.safetensors")
    shard.with_name("1-of-2.safetensors").mkdir()
    below, lists = Path.iterdir, Path.glob

    def listed(path, pattern):
        yield from lists(path, pattern)
        if pattern.endswith(".safetensors"):
            yield path / gone.name

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", lambda path: [*below(path), path / gone.name])
        patch.setattr(Path, "glob", listed)
        assert call("ls")[0] == 0
        assert call("verify")[0] == 0
    shard.unlink()
    shard.mkdir()
    assert call("ls")[0] == 0
    assert call("verify")[0] == 0


def test_a_place_that_cannot_be_read_is_told_in_a_sentence(project, call, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refused)
    for arguments in (["ls"], ["verify"], ["gc", "--yes"]):
        code, text = call(*arguments)
        assert code == 1
        assert "cannot be read or changed (Permission denied)" in text


def test_gc_asks_and_removes_only_after_yes(project, call):
    project.write("results/features/OLD-00000000/clean/x/0-of-1.safetensors")
    before = project.files()
    code, text = call("gc", told="n\n")
    assert code == 0
    assert "results/features/OLD-00000000" in text
    assert "100 B" in text
    assert project.files() - before == set()
    assert before <= project.files()
    assert call("gc")[0] == 1  # nobody answers
    assert before <= project.files()
    code, text = call("gc", "--yes")
    assert code == 0
    assert before - project.files() == {"results/features/OLD-00000000/clean/x/0-of-1.safetensors"}
    assert "nothing" in call("gc")[1]


def test_gc_says_that_stores_are_kept_while_results_are_missing(project, call):
    Path(project.layout.feature_shards("HL", "clean")[0]).unlink()
    code, text = call("gc", "--yes")
    assert code == 0
    assert "kept whole" in text
    assert project.layout.feature_store("HL") in text


def test_gc_and_removal_refuse_while_a_run_is_at_work(project):
    project.write("results/features/OLD-00000000/x")
    program = (
        "from merflow.lock import RunLock; RunLock().take(); print('held', flush=True); input()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    run.stdout.readline()
    for arguments in (["gc", "--yes"], ["verify", "--remove"]):
        code, text = in_its_own_process(*arguments)
        assert code == 1
        assert f"another run (process {run.pid}) is at work" in text
    assert in_its_own_process("verify")[0] == 0
    run.communicate(b"\n")
    assert Path("results/features/OLD-00000000/x").exists()


def test_settings_that_cannot_be_are_told_and_nothing_is_removed(project, call):
    before = project.files()
    Path("params.yaml").write_text("corpus: {}\n")
    code, text = call("gc", "--yes")
    assert code == 1
    assert text.startswith("params.yaml: ")
    code, text = call("ls")
    assert code == 0
    assert "What is used cannot be told: params.yaml: " in text
    assert project.layout.encoder_key("HL") in text
    assert not [line for line in text.splitlines() if line.endswith(("used", " yes", " no"))]
    Path("params.yaml").unlink()
    code, text = call("gc", "--yes")
    assert code == 1
    assert "merflow use" in text
    assert project.files() >= before


def test_it_works_from_a_folder_below(project, monkeypatch, call):
    monkeypatch.chdir("results/features")
    code, text = call("ls")
    assert code == 0
    assert project.layout.encoder_key("HL") in text


def test_only_the_folder_that_one_stands_in_is_tidied(project, tmp_path, monkeypatch, call):
    old = project.write("results/features/OLD-00000000/x")
    params = Path("params.yaml").read_bytes()
    (tmp_path / "b/results").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "params.yaml").write_bytes(params)
    for name, lacks in {"a": "no results/", "b": "no params.yaml"}.items():
        monkeypatch.chdir(tmp_path / name)
        for arguments in (["gc", "--yes"], ["verify", "--remove"], ["ls"]):
            code, text = call(*arguments)
            assert code == 1
            assert lacks in text
    assert (tmp_path / old).exists()
    (tmp_path / "a" / "results/features/OLD-00000000").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a")
    code, text = call("gc", "--yes")
    assert code == 0, text
    assert f"In {tmp_path / 'a'}, " in text
    assert not (tmp_path / "a/results/features/OLD-00000000").exists()
    assert (tmp_path / old).exists()


def test_the_package_s_own_checkout_is_not_taken(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    code, text = call("gc", "--yes")
    assert code == 1
    assert "there is no params.yaml with results/ beside it" in text


@pytest.mark.parametrize("arguments", [["gc", "--yes"], ["verify", "--remove"]])
def test_the_module_s_own_command_is_no_job(project, arguments):
    Path(".snakemake").mkdir()
    Path(".snakemake/merflow.jobs").touch()
    command = [sys.executable, "-m", "merflow", "--threads", "2", "cache", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
