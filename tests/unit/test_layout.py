"""Paths: a setting changes the paths of what depends on it, and no others."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow.layout import Layout

PRESET = Path(__file__).parents[2] / "presets" / "demo.yaml"
BASE = yaml.safe_load(PRESET.read_text())


def changed(key, value):
    config = copy.deepcopy(BASE)
    *parents, last = key.split(".")
    node = config
    for parent in parents:
        node = node[parent]
    node[last] = value
    return Layout(config)


def digests(layout):
    """Return what each family of paths is called."""
    encoders = layout.config["features"]["encoders"]
    runs = {run.label: name for name, run in layout.runs.items()}
    return {
        "corpus": layout.corpus,
        "folds": layout.folds,
        "faces": layout.faces,
        "noise": layout.noise_manifest,
        "HL": layout.features("HL", "clean"),
        "RF": layout.features("RF", "clean"),
        "HL noise": layout.features("HL", "noise"),
        "weights": tuple(layout.weights(name) for name in encoders),
        "probes": tuple(layout.probe(name) for name in encoders),
        "baseline": (runs["all_s1-baseline.clean"], runs["hl-baseline.clean"]),
        "visual": runs["mr_rf-baseline.clean"],
        "jdev": (runs["all_s1-jdev.clean"], runs["all_s1-jdev.noise"]),
        "noisy": runs["all_s1-baseline.noise"],
        "ensemble": tuple(layout.ensembles),
    }


LEARNED = {"probes", "baseline", "visual", "jdev", "noisy", "ensemble"}
CASES = [
    ("fusion.jdev.delta_init", 0.5, {"jdev", "ensemble"}),
    ("fusion.training.dropout", 0.1, LEARNED - {"probes"}),
    ("fusion.training.patience", None, LEARNED - {"probes"}),
    ("fusion.training.selection", "inner", LEARNED - {"probes"}),
    ("fusion.training.learning_rate", [1.0e-3, 1.0e-4], LEARNED - {"probes"}),
    ("probes.training.dropout", 0.1, {"probes"}),
    ("probes.training.precision", "bfloat16", {"probes"}),
    ("probes.kind", "linear", {"probes"}),
    ("noise.copies", 2, {"noise", "HL noise", "jdev", "noisy", "ensemble"}),
    ("faces.fps", 2.0, {"faces", "RF", *LEARNED}),
    ("corpus.folds.seed", 1, {"folds", *LEARNED}),
    ("features.encoders.HL.demo.seed", 9, {"HL", "HL noise", "weights", *LEARNED} - {"visual"}),
    ("ensemble.step", 0.1, {"ensemble"}),
    ("report.decimals", 3, set()),
    ("corpus.shards", 5, set()),
    ("features.batch", 3, set()),
    ("features.device", "cuda", set()),
    ("probes.device", "cuda", set()),
    ("fusion.device", "cuda", set()),
    ("probes.stack", 7, set()),
    ("fusion.stack", 7, set()),
    ("fusion.numeric_threads", 2, set()),
    ("fusion.systems_per_job", 2, set()),
    ("corpus.root", "elsewhere", set()),
    ("noise.root", "elsewhere", set()),
]


@pytest.mark.parametrize(("key", "value", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_setting_moves_exactly_what_depends_on_it(key, value, expected):
    before, after = digests(Layout(copy.deepcopy(BASE))), digests(changed(key, value))
    assert {name for name in before if before[name] != after[name]} == expected


def test_of_linear_probes_the_settings_of_a_training_do_not_count():
    solved = changed("probes.kind", "linear")
    for key, value, same in (
        ("dropout", 0.1, True),
        ("patience", None, True),
        ("learning_rate", [1.0e-3, 1.0e-4], True),
        ("seeds", [0, 5], True),
        ("seeds", [5, 0], False),
    ):
        config = copy.deepcopy(solved.config)
        config["probes"]["training"][key] = value
        assert (Layout(config).probe("HL") == solved.probe("HL")) is same, key
    assert solved.probe_spec("HL")["kind"] == "linear"
    assert changed("probes.training.seeds", [0, 5]).probe("HL") != changed(
        "probes.training.seeds", [0]
    ).probe("HL")


def test_jobs_of_trainings_are_as_large_as_told_and_hold_every_run_once():
    for size in (1, 3, 5, 100):
        layout = changed("fusion.systems_per_job", size)
        groups = list(layout.groups.values())
        assert sorted(run for group in groups for run in group) == sorted(layout.runs)
        assert max(map(len, groups)) <= size
    assert len(layout.groups) == 4


def test_a_job_of_trainings_shares_what_reruns_it():
    layout = changed("fusion.systems_per_job", 3)
    other = changed("fusion.jdev.delta_init", 0.5)
    for name, group in layout.groups.items():
        runs = [layout.runs[run] for run in group]
        assert len({run.augmentation for run in runs}) == 1, name
        assert len({run in other.runs for run in group}) == 1, name


def test_systems_are_sorted_by_the_modalities_of_their_features():
    found = Layout(copy.deepcopy(BASE)).definitions()
    assert found["mr_rf-jdev"]["modalities"] == ["visual"]
    assert found["hl-baseline"]["modalities"] == ["audio"]
    assert found["all_s1-jdev"]["modalities"] == ["audio", "visual"]


def test_without_valence_there_is_no_jdev():
    layout = changed("corpus.valence", False)
    assert layout.valence_name == "valence"
    assert all(run.system["decoder"] == "baseline" for run in layout.runs.values())
    assert not any("jdev" in name for name in layout.ensembles)
    assert all(layout.run_spec(run)["loss"] == "sum" for run in layout.runs.values())


def test_without_noise_there_need_be_no_recordings():
    config = copy.deepcopy(BASE)
    config["noise"] |= {"source": "folder", "root": None}
    config["report"]["robustness"] = None
    for system in config["fusion"]["systems"]:
        system["augmentation"] = ["clean"]
    assert Layout(config).noise_manifest.startswith("results/noise/")


def test_com_enters_what_it_chooses_alone():
    with_com, without = Layout(copy.deepcopy(BASE)), changed("corpus.com", False)
    assert not set(with_com.runs) & set(without.runs)
    assert not set(with_com.ensembles) & set(without.ensembles)
    assert with_com.probe("HL") != without.probe("HL")
    assert with_com.corpus_key == without.corpus_key
    assert with_com.folds == without.folds
    linear = copy.deepcopy(BASE)
    linear["probes"]["kind"] = "linear"
    other = copy.deepcopy(linear)
    other["corpus"]["com"] = False
    assert Layout(linear).probe("HL") == Layout(other).probe("HL")


def test_a_valence_made_of_votes_is_called_a_proxy():
    assert changed("corpus.adapter", "table").valence_name == "valence"
    assert changed("corpus.adapter", "crema_d").valence_name == "valence_proxy"


def test_a_pinned_weight_may_lie_anywhere():
    digest = "ab" * 32
    spec = BASE["features"]["encoders"]["MR"] | {"sha256": digest}
    keys = {
        changed("features.encoders.MR", spec | {"weights": path}).encoder_key("MR")
        for path in ("a/manet.pth", "b/manet.pth")
    }
    assert len(keys) == 1


def test_a_default_that_is_written_out_changes_no_path():
    spec = {k: v for k, v in BASE["features"]["encoders"]["MR"].items() if k != "forward_order"}
    bare = changed("features.encoders.MR", spec).encoder_key("MR")
    for key, usual, other in (
        ("statistics", "mean", "mean_std"),
        ("precision", "float32", "bfloat16"),
        ("forward_order", 2021, 2023),
    ):
        assert changed("features.encoders.MR", spec | {key: usual}).encoder_key("MR") == bare
        assert changed("features.encoders.MR", spec | {key: other}).encoder_key("MR") != bare


def test_a_system_of_ones_own_gets_a_run():
    own = {
        "name": "mine",
        "features": ["HL(6)", "MR(block1)"],
        "strategy": 1,
        "decoder": "jdev",
        "loss": "kendall",
        "augmentation": ["clean"],
    }
    layout = changed("fusion.systems", [*BASE["fusion"]["systems"], own])
    assert "mine" in layout.system_names()
    assert any(name.startswith("mine.clean-") for name in layout.runs)
    assert "mine|clean|honest" in layout.predictions()


def test_what_the_demo_writes_is_what_the_graph_waits_for():
    from merflow.corpus.demo.noise import FILES, FOLDER
    from merflow.layout.data import DEMO_NOISE_FILES

    layout = Layout(copy.deepcopy(BASE))
    assert DEMO_NOISE_FILES == FILES
    assert all(str(FOLDER) in path for path in layout.noise_files())


def test_every_file_of_a_users_checkpoint_is_watched(tmp_path):
    (tmp_path / "hubert").mkdir()
    for name in ("config.json", "pytorch_model.bin"):
        (tmp_path / "hubert" / name).touch()
    spec = BASE["features"]["encoders"]["HL"] | {"weights": str(tmp_path / "hubert")}
    files = changed("features.encoders.HL", spec).weight_files("HL")
    assert [Path(file).name for file in files] == ["config.json", "pytorch_model.bin"]


def test_the_honest_reading_is_submitted_from_the_models_of_the_split_s_row():
    found = Layout(copy.deepcopy(BASE)).submissions()
    assert found.keys() == {"test1", "test2"}
    assert "/fused-jdev.clean-" in found["test1"]
    assert "/fused-jdev.noise-" in found["test2"]
    assert all(path.endswith("/predictions-honest.parquet") for path in found.values())


def users_layout(folder, root="clips"):
    """Settings of a user's csv and noise folder, which must exist."""
    (folder / "noise").mkdir(parents=True, exist_ok=True)
    (folder / "noise" / "a.wav").write_bytes(b"sound")
    (folder / "labels.csv").write_text("path,emotion\na.mp4,happy\n")
    config = copy.deepcopy(BASE)
    config["corpus"] |= {"adapter": "table", "root": root, "csv": str(folder / "labels.csv")}
    config["noise"] |= {"source": "folder", "root": str(folder / "noise")}
    return Layout(config)


def test_where_a_corpus_lies_does_not_count_but_its_list_does(tmp_path):
    first, second = users_layout(tmp_path / "a"), users_layout(tmp_path / "b", root="other")
    assert digests(first) == digests(second)
    (tmp_path / "b" / "labels.csv").write_text("path,emotion\na.mp4,sad\n")
    changed = digests(Layout(second.config))
    assert changed["corpus"] != digests(first)["corpus"]


def test_every_recording_of_a_noise_folder_is_watched(tmp_path):
    layout = users_layout(tmp_path)
    key = layout.noise_key
    assert layout.noise_files() == [f"{tmp_path}/noise/a.wav"]
    (tmp_path / "noise" / "deep").mkdir()
    (tmp_path / "noise" / "deep" / "b.flac").write_bytes(b"more")
    assert len(Layout(layout.config).noise_files()) == 2
    assert Layout(layout.config).noise_key != key


def test_noise_that_is_not_used_needs_no_folder(tmp_path):
    layout = users_layout(tmp_path)
    layout.config["noise"]["root"] = None
    layout.config["report"]["robustness"] = None
    for system in layout.config["fusion"]["systems"]:
        system["augmentation"] = ["clean"]
    without = Layout(layout.config)
    assert without.noise_manifest.startswith("results/noise/")
    layout.config["noise"]["root"] = str(tmp_path / "noise")
    assert Layout(layout.config).noise_key == without.noise_key


def test_a_pinned_detector_may_lie_anywhere():
    keys = set()
    for path in ("a.onnx", "b.onnx"):
        layout = changed("faces.backend", "yunet")
        layout.config["faces"]["yunet"] = {"path": path, "sha256": "ab" * 32}
        keys.add(layout.faces_key)
    assert len(keys) == 1


def given_layout(folder, **changed):
    """Settings of labels and precomputed features; the folders need not exist."""
    config = yaml.safe_load((PRESET.parent / "organiser_features.yaml").read_text())
    for split in config["corpus"]["labels"]:
        (folder / f"{split}.csv").write_text("name,discrete,valence\na,happy,1\n")
        config["corpus"]["labels"][split] = str(folder / f"{split}.csv")
    config["features"]["encoders"]["RF"] |= changed
    return Layout(config)


def test_precomputed_features_take_modality_layers_and_depth_from_their_network(tmp_path):
    layout = given_layout(tmp_path)
    assert [layout.modality(name) for name in ("HL", "RF", "MR")] == ["audio", "visual", "visual"]
    assert layout.layers("HL") == ["24"]
    assert layout.depths() == {
        "HL": {"24": 1.0},
        "RF": {"conv5_3_3x3_relu": 48 / 50},
        "MR": {"block2": 17 / 18},
    }
    assert layout.probe_spec("RF")["layers"] == ["conv5_3_3x3_relu"]
    folders = {"pooling": "b", "1": "a"}  # in the network's order, whatever the file's
    assert given_layout(tmp_path, folders=folders).layers("RF") == ["1", "pooling"]


def test_faces_are_looked_for_only_where_an_encoder_is_shown_them(tmp_path):
    assert Layout(copy.deepcopy(BASE)).needs_faces
    layout = given_layout(tmp_path)
    assert not layout.needs_faces
    before = layout.encoder_key("RF")
    layout.config["faces"]["fps"] = 1.0
    assert Layout(layout.config).encoder_key("RF") == before
    assert Layout(layout.config).corpus_root is None
    assert all(layout.weight_files(name) == [] for name in ("HL", "RF", "MR"))


def test_precomputed_features_move_with_their_folder_and_have_no_copies(tmp_path):
    layout = given_layout(tmp_path)
    other = given_layout(tmp_path, folders={"conv5_3_3x3_relu": "elsewhere"})
    assert other.encoder_key("RF") != layout.encoder_key("RF")
    assert other.encoder_key("MR") == layout.encoder_key("MR")
    assert {name for name, _ in layout.conditions(["clean", "noise"])} == {"HL", "RF", "MR"}
    assert {kind for _, kind in layout.conditions(["clean", "noise"])} == {"clean"}


def test_lists_of_labels_count_by_their_content(tmp_path):
    before = given_layout(tmp_path)
    again = given_layout(tmp_path)
    assert before.corpus_key == again.corpus_key
    (tmp_path / "test2.csv").write_text("name\nb\n")
    assert Layout(again.config).corpus_key != before.corpus_key
