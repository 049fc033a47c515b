"""What goes and what stays."""

from pathlib import Path

import pytest

from merflow.cache.sizes import freed, readable, size
from merflow.cache.unused import remove
from merflow.layout import Layout

RESULTS = Path("results")


def listed(project):
    return [path.as_posix() for path in project.unused()]


def other(project, **sections):
    """Return the layout of other settings: section -> keys to replace."""
    config = dict(project.layout.config)
    for section, keys in sections.items():
        config[section] = config[section] | keys
    return Layout(config)


def test_all_that_the_settings_use_stays(project):
    assert listed(project) == []


def test_other_settings_features_faces_corpora_weights_noise_and_runs_go(project):
    before = project.files()
    gone = [
        "results/corpus/mine-00000000",
        "results/faces/cascade-00000000",
        "results/features/HL-00000000",
        "results/features/OLD-00000000",
        "results/features/store/OLD",
        "results/features/weights/hubert-00000000",
        "results/noise/paper-00000000",
        "results/runs/all_s1-jdev.clean-00000000",
        "results/runs/probe.HL-00000000",
    ]
    for folder in gone:
        project.write(f"{folder}/deep/file.bin")
    assert listed(project) == gone
    remove(RESULTS, project.unused())
    assert project.files() == before
    assert listed(project) == []


def test_parts_of_folders_that_are_used_go_alone(project):
    layout = project.layout
    shards = f"{layout.features('HL', 'clean')}/{layout.corpus_key}/1-of-7.safetensors"
    kept = project.shard(shards, layout.feature_store("HL"))
    gone = {
        shards,
        kept.as_posix(),
        f"{layout.features('HL', 'clean')}/mine-00000000",
        f"results/features/{layout.encoder_key('HL')}/noise-other",
        f"results/features/{layout.encoder_key('HL')}/snr-00000000",
        "results/noise/snr-00000000",
        "results/runs/robustness-00000000",
        f"{layout.faces}/crops-1-of-7.safetensors",
        f"{layout.feature_store('RF')}/part-00000000-11111111.safetensors",
        f"results/noise/{layout.noise_key}/mine-00000000.csv",
    }
    for path in gone - {shards, kept.as_posix()}:
        project.write(path if "." in path else f"{path}/file")
    assert set(listed(project)) == gone


def test_parts_of_unfinished_present_shards_stay(project):
    layout = project.layout
    shard = Path(layout.feature_shards("HL", "clean")[0])
    (kept,) = (p for p in Path(layout.feature_store("HL")).iterdir() if p.samefile(shard))
    part = project.write(kept.with_name(f"part-{kept.stem.removeprefix('shard-')}-ab.safetensors"))
    assert listed(project) == []
    assert part.exists()


def test_stores_stay_whole_while_a_present_output_is_missing(project):
    layout = project.layout
    old = project.write(f"{layout.feature_store('HL')}/shard-00000000.safetensors")
    assert listed(project) == [old.as_posix()]
    Path(layout.feature_shards("HL", "noise")[0]).unlink()
    assert listed(project) == []
    seed = project.write("results/runs/store/aa/seed-0/weights.safetensors")
    assert listed(project) == [seed.parent.parent.as_posix()]
    Path(layout.probe("HL"), "predictions-honest.parquet").unlink()
    assert listed(project) == []


def test_seeds_that_only_old_runs_link_go_with_them(project):
    project.run("results/runs/old.clean-00000000", "f" * 32)
    store = Path("results/runs/store")
    assert listed(project) == ["results/runs/old.clean-00000000", (store / ("f" * 32)).as_posix()]
    # Of one model, the seed that is linked stays.
    project.write(store / f"{0:032x}" / "seed-7" / "weights.safetensors")
    assert (store / f"{0:032x}" / "seed-7").as_posix() in listed(project)


def test_trainings_by_speaker_are_used_while_folds_are_random(project):
    by_speaker = project.layout.trained["fusion_train_speakers"].runs
    old = project.write("results/runs/store/aa/seed-0/weights.safetensors").parent.parent
    assert listed(project) == [old.as_posix()]
    files = list(Path("results/runs", next(iter(by_speaker))).iterdir())
    held = {path: path.read_bytes() for path in files if path.suffix == ".parquet"}
    for path in held:
        path.unlink()
    assert listed(project) == []  # the store may spare a training
    for path, content in held.items():
        path.write_bytes(content)
    folds = project.layout.config["corpus"]["folds"] | {"scheme": "session"}
    project.layout = other(project, corpus={"folds": folds})
    project.everything()
    gone = {f"results/runs/{name}" for name in by_speaker}
    assert gone <= set(listed(project))


def test_leftovers_of_killed_writes_go_wherever_they_are(project):
    layout = project.layout
    gone = {
        f"{layout.corpus}/raw/clips/train/.b.417.mp4",
        f"{layout.corpus}/.manifest.417.csv",
        f"{layout.faces}/.crops-0-of-1.417.safetensors",
        f"{layout.feature_store('HL')}/.part-00000000-11111111.9.safetensors",
        f"{layout.feature_store('HL')}/.shard-00000000.5.safetensors",
        f"results/runs/store/{0:032x}/.seed-3.417",
        f"results/runs/{next(iter(layout.runs))}/.weights-seed0.5.safetensors",
    }
    for path in gone:
        project.write(f"{path}/honest.parquet" if "seed-3" in path else path)
    project.write("results/tables/demo/.table1.417.csv")
    project.write("results/private/demo/.faces.417.png")
    assert set(listed(project)) == gone


def test_what_the_settings_name_below_results_stays(project):
    weights = project.write("results/features/weights/mine/model.pth")
    csv = project.write("results/corpus/mine/list.csv")
    encoders = project.layout.config["features"]["encoders"]
    named = encoders["RF"] | {"weights": weights.parent.as_posix()}
    layout = other(
        project,
        corpus={"csv": csv.absolute().as_posix()},
        features={"encoders": encoders | {"RF": named}},
    )
    project.layout = layout
    assert not {weights.parent.as_posix(), csv.parent.as_posix()} & set(listed(project))
    assert weights.parent not in [Path(p).parent for p in listed(project)]


def test_a_link_to_elsewhere_goes_and_what_it_points_to_stays(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "mine.bin").write_bytes(b"mine")
    link = Path("results/features/HL-00000000")
    link.symlink_to(outside)
    assert listed(project) == [link.as_posix()]
    remove(RESULTS, [link])
    assert not link.is_symlink()
    assert (outside / "mine.bin").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "place",
    ["features/store", "features/store/HL", "KEY", "faces/store", "runs/store", "RUN", "RUNS"],
)
def test_used_data_moved_to_a_bigger_disk_and_linked_back_stays(project, tmp_path_factory, place):
    layout = project.layout
    key, run = f"features/{layout.encoder_key('HL')}", f"runs/{next(iter(layout.runs))}"
    link = RESULTS / {"KEY": key, "RUN": run, "RUNS": "runs"}.get(place, place)
    elsewhere = tmp_path_factory.mktemp("disk") / "moved"
    link.rename(elsewhere)
    link.symlink_to(elsewhere)
    assert listed(project) == []


def test_seeds_stay_where_no_link_tells_whose_they_are(project):
    old = project.write("results/runs/store/aa/seed-0/weights.safetensors").parent.parent
    assert listed(project) == [old.as_posix()]
    weights = Path("results/runs", next(iter(project.layout.runs)), "weights-seed0.safetensors")
    content = weights.read_bytes()
    weights.unlink()
    assert listed(project) == []
    weights.write_bytes(content)  # a copy, as on a disk without hard links
    assert listed(project) == []


def test_nothing_is_looked_for_in_folders_that_the_settings_name(project):
    mine = project.write("results/corpus/mine/.clip.1.mp4").parent
    deeper = project.write(f"{project.layout.corpus}/mine/.clip.2.mp4").parent
    project.layout = other(project, corpus={"root": mine.as_posix(), "csv": deeper.as_posix()})
    assert not [path for path in listed(project) if "mine" in path]


def test_a_disk_gets_back_only_what_has_no_other_name(project):
    layout = project.layout
    shard = Path(layout.feature_shards("HL", "clean")[0])
    store = Path(layout.feature_store("HL"))
    bytes_of = shard.stat().st_size
    assert freed([store]) == [0]
    assert sum(freed([store, shard])) == bytes_of
    both = size([store, shard.parent])
    assert both == size([store])
    assert sum(freed([store, Path(layout.features("HL", "clean")), Path("results/features")])) == (
        size([Path("results/features")])
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (430_000_000, "430.0 MB"), (5e15, "5000.0 TB")],
)
def test_bytes_are_readable(count, text):
    assert readable(int(count)) == text
