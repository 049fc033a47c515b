"""Memory, disk and hours: estimates that follow from the settings, and what they lead to."""

from collections import namedtuple
from pathlib import Path

import numpy as np
import psutil
import pytest
from doctor_findings import find, levels

from merflow.doctor import content, disk, hours, machine, rates
from merflow.doctor.amounts import (
    FACE_NETWORKS,
    FULL_WIDTH,
    UNTRAINED,
    encodings,
    faces_seen,
    missing_share,
    rows_of,
    run_numbers,
    size_of,
)
from merflow.doctor.sample import headers_of, lengths_of
from merflow.encoders.load import load
from merflow.encoders.stock.sizes import face_size, untrained_size
from merflow.errors import MerflowError
from merflow.media.probe import check_clip
from merflow.media.video import iterate_frames

Usage = namedtuple("Usage", "total used free")
Part = namedtuple("Part", "device mountpoint fstype opts")


@pytest.mark.parametrize("name", FACE_NETWORKS)
def test_sizes_of_face_networks_are_those_of_the_networks(name):
    size = face_size(name, FULL_WIDTH)
    assert FACE_NETWORKS[name] == (size.dims, size.parameters)


@pytest.mark.parametrize("name", ["mfcc", "hog"])
def test_sizes_without_weights_are_those_that_come_out(name):
    assert untrained_size({"architecture": name}).dims == UNTRAINED[name]


@pytest.mark.parametrize("name", ["HL", "RF", "MR"])
def test_sizes_of_small_checkpoints_are_those_of_what_comes_out(project, name):
    spec, path = project.encoder(name), project.case().layout.weights(name)
    given = np.zeros(8_000, np.float32) if name == "HL" else np.zeros((1, 112, 112, 3), np.uint8)
    if name != "HL":  # the face networks of the miniature are narrower than the public ones
        spec = {**spec, "weights": "demo", "demo": {"width": {"RF": 4, "MR": 8}[name]}}
    [vectors] = load(spec["architecture"], {**spec, "device": "cpu"}, Path(path)).encode([given])
    assert size_of(spec, Path(path))[0] == {layer: len(v) for layer, v in vectors.items()}


def test_lengths_and_frames_are_those_that_decoding_gives(project):
    case = project.case()
    true = sum(check_clip(path).duration_s for path in case.files.values())
    assert case.lengths.clips == 16
    assert case.lengths.error_s == 0
    assert case.lengths.total_s == pytest.approx(true, rel=0.1)
    for fps in (5.0, 2.0, None, 100.0):
        project.config["faces"]["fps"] = fps
        seen = sum(len(list(iterate_frames(path, fps))) for path in case.files.values())
        assert faces_seen(project.case()) == pytest.approx(seen, rel=0.2)


def test_a_sample_says_how_sure_it_is_and_a_manifest_is_exact(project, tmp_path, monkeypatch):
    files = project.case().files
    monkeypatch.setattr("merflow.doctor.sample.OPENED", 4)
    guessed = lengths_of(files, headers_of(files), tmp_path / "none.csv")
    assert len(guessed.some) == 4
    assert guessed.error_s > 0 or len({length for _, length in guessed.some}) == 1
    header = "clip,split,emotion,valence,speaker,path,sha256,duration"
    lines = [f"{clip},train,happy,1,s,x,y,{2 + i % 3}" for i, clip in enumerate(sorted(files))]
    (tmp_path / "manifest.csv").write_text("\n".join([header, *lines]) + "\n")
    known = lengths_of(files, headers_of(files), tmp_path / "manifest.csv")
    assert known.error_s == 0
    assert known.mean_s == pytest.approx(np.mean([2 + i % 3 for i in range(16)]))


def test_clips_that_do_not_play_are_told_and_not_measured(project):
    for file in Path("clips").iterdir():
        file.write_bytes(b"no film" * 100)
    with pytest.raises(MerflowError, match="none of 16 clips has a header"):
        project.case().lengths  # noqa: B018
    found = find(
        content.look(project.case()), "error", "no clip can be opened", "whether they play"
    )
    assert "clip00.mp4, clip01.mp4, clip02.mp4 and 13 more" in found.what
    for check in (machine, disk, hours):
        with pytest.raises(MerflowError, match="none of 16 clips has a header"):
            list(check.look(project.case()))


def test_rows_count_copies_of_training_clips_for_noise_alone(project):
    project.config["noise"]["copies"] = 3
    case = project.case()
    assert rows_of(case, "clean") == 16
    assert rows_of(case, "noise") == 36
    assert {one.rows for one in encodings(case)} == {52}
    for system in project.config["fusion"]["systems"]:
        system["augmentation"] = ["clean"]
    assert {one.rows for one in encodings(project.case())} == {16}


def test_what_is_there_already_is_not_counted_again(project):
    layout = project.case().layout
    paths = layout.feature_shards("HL", "clean")
    assert missing_share(paths) == 1
    for path in paths[: len(paths) // 2]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    assert missing_share(paths) == 0.5
    left = {one.name: one.left for one in encodings(project.case())}
    assert left == {"HL": 0.75, "RF": 1.0, "MR": 1.0}


def test_a_run_reads_the_layers_that_it_names(project):
    case = project.case()
    for run in case.layout.runs.values():
        widths = {"HL": 16, "MR": 1024, "RF": 2048}
        expected = sum(widths[name.partition("(")[0]] for name in run.system["features"])
        assert run_numbers(case, run) == expected


def test_a_disk_without_room_is_an_error_and_a_close_one_a_warning(project, monkeypatch):
    need = sum(disk._parts(project.case()).values())
    for free, level in ((10 * need, "fine"), (1.1 * need, "warning"), (0.9 * need, "error")):
        usage = Usage(0, 0, int(free))
        monkeypatch.setattr("shutil.disk_usage", lambda place, usage=usage: usage)
        found = find(disk.look(project.case()), level, "to be written")
        assert level == "fine" or "merflow cache gc" in found.todo


@pytest.mark.parametrize(
    ("kind", "told"),
    [("tmpfs", "lies in memory"), ("exfat", "no hard links"), ("nfs4", "network disk")],
)
def test_disks_that_do_not_suit_are_warned_of(project, monkeypatch, kind, told):
    parts = [Part("d", "/", "ext4", ""), Part("d", str(project.folder), kind, "")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: parts)
    find(disk.look(project.case()), "warning", told, kind)


def test_results_that_are_no_folder_are_errors(project):
    Path("results").symlink_to("nowhere")
    find(disk.look(project.case()), "error", "is a link to nowhere")
    Path("results").unlink()
    Path("results").touch()
    find(disk.look(project.case()), "error", "is no folder")


def test_results_that_cannot_be_written_are_an_error(project, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    find(disk.look(project.case()), "error", "cannot be written", "link")


def test_a_gpu_that_is_not_there_is_an_error(project, monkeypatch):
    monkeypatch.setattr(machine, "_cuda", lambda: iter(()))
    project.config["features"]["device"] = "cuda"
    project.config["fusion"]["device"] = "cuda"
    find(
        machine.look(project.case()), "error", "features and fusion want cuda", "set device to cpu"
    )
    monkeypatch.setattr(machine, "_cuda", lambda: iter(["a GPU"]))
    find(machine.look(project.case()), "fine", "GPU: a GPU, for features, fusion")


def test_a_gpu_that_nobody_asks_for_is_told(project, monkeypatch, tmp_path):
    (tmp_path / "gpus/0000:01").mkdir(parents=True)
    monkeypatch.setattr(machine, "NVIDIA", tmp_path / "gpus")
    find(machine.look(project.case()), "warning", "there is an NVIDIA GPU", "features.device")


def test_shards_below_the_cores_are_warned_of(project, monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    project.config["corpus"]["shards"] = 2
    find(machine.look(project.case()), "warning", "8 cores, but corpus.shards is 2", "to 8")


@pytest.mark.parametrize(
    ("cores", "shards", "told"),
    [
        (2, 17, "set corpus.shards to 2;"),
        (64, 17, "set corpus.shards to 16;"),
        (64, 8, "set corpus.shards to 16;"),
        (64, 16, None),
        (2, 16, None),
    ],
)
def test_shards_beyond_the_16_clips_are_warned_of(project, monkeypatch, cores, shards, told):
    monkeypatch.setattr(machine, "cores", lambda: cores)
    project.config["corpus"]["shards"] = shards
    found = [one for one in machine.look(project.case()) if "corpus.shards" in one.what]
    (one,) = found
    assert one.level == ("fine" if told is None else "warning")
    assert told is None or told in one.todo


def test_memory_is_compared_with_jobs_side_by_side(project, monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    _, size, _ = machine.largest_job(project.case(), encodings(project.case()))
    for free, level in ((100 * size, "fine"), (3.5 * size, "warning"), (0.5 * size, "error")):
        monkeypatch.setattr(machine, "free_memory", lambda free=free: int(free))
        found = find(machine.look(project.case()), level, "memory: about")
        assert level != "warning" or "--cores 3" in found.todo


def test_hours_are_measured_or_said_to_be_assumed(project):
    found = list(hours.look(project.case()))
    assert levels(found) == {"fine"}
    for step in ("check", "faces"):
        find(found, "fine", f"{step}: ", "measured on")
    for name in ("HL", "RF", "MR"):
        find(found, "fine", f"features of {name}: ", "assumed from docs/encoders.md", "--measure")
    for step in ("probes", "fusion"):
        find(found, "fine", f"{step}: ", "assumed from docs/training.md")
    find(found, "fine", "in all", "cores")


def test_hours_grow_with_the_work_and_shrink_with_the_cores(project, monkeypatch):
    def seconds(**more):
        project.config["noise"]["copies"] = more.get("copies", 1)
        project.config["corpus"]["shards"] = more.get("shards", 256)
        monkeypatch.setattr(hours, "cores", lambda: more.get("cores", 1))
        steps = {step.name: step for step in hours._steps(project.case())}
        return steps["features of RF"].wall_s(more.get("cores", 1))[1], steps["fusion"].core_s[1]

    one = seconds()
    assert seconds(cores=4)[0] == pytest.approx(one[0] / 4)
    assert seconds(cores=4, shards=1)[0] == pytest.approx(one[0])
    assert seconds(copies=5)[0] == pytest.approx(one[0] * (16 + 60) / (16 + 12))
    assert seconds(copies=5)[1] > one[1]


def test_rates_give_the_figures_of_the_pages():
    """docs/encoders.md: 4,196 clips of 3.98 s in 1.6, 1.4 and 1.4 hours; docs/training.md."""
    clips, mean = 4196, 3.98
    assert rates.speech_s(315_435_136, "float32") * clips * mean / 3600 == pytest.approx(1.6, 0.05)
    for name in FACE_NETWORKS:
        assert rates.face_s(name, "float32") * clips * 20 / 3600 == pytest.approx(1.4, 0.05)
    assert rates.face_s("manet", "float16") is None
    training = {"patience": 10, "epochs": 100}
    assert 150 * rates.system_s(training, 3373, 128) == pytest.approx(433)
    assert 180 * rates.probe_s("mlp", {**training, "patience": None}, 3373, 128) == pytest.approx(
        665
    )
    assert 180 * rates.probe_s("linear", training, 3373, 128) == pytest.approx(27.7)


def test_long_runs_are_warned_of_with_what_would_shorten_them(project, monkeypatch):
    monkeypatch.setattr(hours, "LONG_S", 0.0)
    find(hours.look(project.case()), "warning", "in all", "most of it is", "device: cuda")


def test_on_a_gpu_nothing_is_claimed(project):
    for section in ("features", "probes", "fusion"):
        project.config[section]["device"] = "cuda"
    found = list(hours.look(project.case()))
    find(found, "fine", "features of HL: not known", "--measure")
    find(found, "fine", "in all", "without features of")


@pytest.mark.parametrize(("shards", "at_once"), [(1, 8), (3, 6), (8, 8), (16, 16)])
def test_faces_take_the_cores_that_shards_leave(project, monkeypatch, shards, at_once):
    project.config["corpus"]["shards"] = shards
    monkeypatch.setattr(hours, "cores", lambda: 8)
    steps = {step.name: step for step in hours._clip_steps(project.case(), shards)}
    assert (steps["faces"].jobs, steps["check"].jobs) == (at_once, shards)


def test_finished_steps_are_left_out(project):
    layout = project.case().layout
    for shard in layout.shards():
        Path(layout.faces).mkdir(parents=True, exist_ok=True)
        Path(layout.faces, f"crops-{shard}.safetensors").touch()
    assert not [one for one in hours.look(project.case()) if one.what.startswith("faces:")]
