"""`merflow encoders check`: one encoder on one clip."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_project import make_project

from merflow.corpus.manifest import COLUMNS
from merflow.encoders.load import load
from merflow.encoders.stock import trial
from merflow.errors import MerflowError
from merflow.layout import read_layout
from merflow.media.mux import write_clip
from merflow.media.sound import read_sound
from merflow.storage.digest import file_sha256

Project = Callable[..., Path]


@pytest.fixture
def project(
    tmp_path: Path, checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Project:
    """Make a project with the three small checkpoints, and change to it."""

    def make(**more: Any) -> Path:
        common = {"sha256": None, **more}
        encoders = {
            "HL": {"architecture": "hubert", "layers": 3, **common},
            "RF": {"architecture": "resnet50_ferplus", **common},
            "MR": {"architecture": "manet", **common},
        }
        for spec in encoders.values():
            spec["weights"] = str(checkpoints[spec["architecture"]])
        folder = make_project(tmp_path / "project", encoders)
        monkeypatch.chdir(folder)
        return folder

    return make


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """One second of noise and of a grey picture without a face."""
    sound = 0.1 * np.random.default_rng(3).standard_normal(16_000)
    frames = np.full((10, 96, 96, 3), 128, dtype=np.uint8)
    write_clip(tmp_path / "clip.mp4", frames, 10, sound, 16_000)
    return tmp_path / "clip.mp4"


def rows(output: str) -> dict[str, list[float]]:
    """Layer -> dim, mean, sd, norm."""
    found = re.findall(r"^  (\w+) +(\d+) +(\S+) +(\S+) +(\S+)$", output, re.MULTILINE)
    return {name: [float(number) for number in numbers] for name, *numbers in found}


def test_without_a_clip_one_is_made_up_and_every_layer_is_told(
    project: Project, run: Callable, checkpoints: dict[str, Path]
) -> None:
    project()
    for name, kind in (("HL", "hubert"), ("RF", "resnet50_ferplus"), ("MR", "manet")):
        shown = run("encoders", "check", name)
        assert shown.exit_code == 0, shown.exception
        assert "no clip: " in shown.output
        spec = {"architecture": kind, "layers": 3, "weights": "x", "sha256": None}
        given, _ = trial.given_clip(spec, {}, None)
        [vectors] = load(kind, spec, checkpoints[kind]).encode([given])
        assert list(rows(shown.output)) == list(vectors)
        for layer, numbers in rows(shown.output).items():
            vector = vectors[layer]
            expected = [len(vector), vector.mean(), vector.std(), np.linalg.norm(vector)]
            np.testing.assert_allclose(numbers, expected, rtol=1e-3, atol=1e-6)
        weights = checkpoints[kind]
        file = weights / "model.safetensors" if weights.is_dir() else weights
        assert f"sha256: {file_sha256(file)}" in shown.output
        assert re.search(r"parameters +[\d,]+", shown.output)
        assert "MiB" in shown.output


def test_a_clip_is_heard_and_one_without_a_face_is_told(
    project: Project, run: Callable, clip: Path
) -> None:
    project()
    shown = run("encoders", "check", "HL", "--clip", clip)
    assert shown.exit_code == 0, shown.exception
    assert f"s of {clip}" in shown.output
    assert "no face was found" in str(run("encoders", "check", "MR", "--clip", clip).exception)
    missing = run("encoders", "check", "HL", "--clip", clip.with_name("none.mp4"))
    assert isinstance(missing.exception, MerflowError)


def test_the_first_clip_of_the_corpus_is_taken_where_it_is_listed(
    project: Project, run: Callable, clip: Path
) -> None:
    folder = project()
    layout = read_layout(folder / "params.yaml")
    listed = folder / str(layout.corpus_root) / "clips/first.mp4"
    listed.parent.mkdir(parents=True)
    shutil.copy(clip, listed)
    row = dict.fromkeys(COLUMNS, "") | {"clip": "a", "split": "train", "path": "clips/first.mp4"}
    lines = [",".join(COLUMNS), ",".join(row[name] for name in COLUMNS)]
    (folder / layout.manifest).write_text("\n".join(lines) + "\n")
    assert "clips/first.mp4" in run("encoders", "check", "HL").output
    listed.unlink()
    assert "no clip: " in run("encoders", "check", "HL").output


def test_a_wrong_checkpoint_is_the_loaders_own_sentence(
    project: Project, run: Callable, tmp_path: Path
) -> None:
    project(sha256="a" * 64)
    told = run("encoders", "check", "RF").exception
    assert isinstance(told, MerflowError)
    assert "params.yaml declares" in str(told)


def test_demo_weights_that_the_graph_has_not_made_yet_are_told(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {"weights": "demo", "sha256": None}
    demo = {"seed": 1, "width": 8, "speakers": 1, "steps": 1}
    encoders = {
        "HL": {"architecture": "hubert", "layers": 3, **common, "demo": demo},
        "MR": {"architecture": "manet", **common, "demo": demo},
    }
    monkeypatch.chdir(make_project(tmp_path / "project", encoders))
    for name in encoders:
        told = str(run("encoders", "check", name).exception)
        assert "the graph makes these weights: run `snakemake --cores all features` first" in told


def test_precisions_are_compared_with_float32(project: Project, run: Callable) -> None:
    project()
    for name in ("HL", "MR"):
        shown = run("encoders", "check", name, "--compare", "bfloat16")
        assert shown.exit_code == 0, shown.exception
        lines = shown.output.partition("bfloat16 against float32")[2].splitlines()[2:]
        assert len(lines) == (4 if name == "HL" else 9)
        for line in lines:
            distance, angle = (float(number) for number in line.split()[1:3])
            assert 0 < distance < 0.1
            assert 0 < angle < 0.01


def test_errors_are_those_of_their_definition() -> None:
    exact, other = np.array([3.0, 4.0]), np.array([3.0, 4.1])
    distance, angle = trial.errors(exact, other)
    cosine = exact @ other / np.linalg.norm(exact) / np.linalg.norm(other)
    assert distance == pytest.approx(0.1 / 5)
    assert angle == pytest.approx(1 - cosine, rel=1e-6)
    assert trial.errors(exact, exact) == (0, 0)
    assert trial.errors(exact, 2 * exact) == pytest.approx((1, 0))
    assert trial.errors(np.zeros(2), np.zeros(2)) == (0, 0)
    assert trial.errors(np.zeros(2), exact) == (float("inf"), 1)


def test_encoders_that_cannot_be_run_or_have_no_precision_are_told() -> None:
    with pytest.raises(MerflowError, match="no precision"):
        trial.checkable("E", {"architecture": "mfcc"}, (None, "bfloat16"))
    trial.checkable("E", {"architecture": "mfcc"}, (None, None))
    files = {"architecture": "precomputed", "of": "hubert", "folders": {"18": "x"}}
    with pytest.raises(MerflowError, match="nothing to run"):
        trial.checkable("HL", files, (None, None))


def test_what_is_made_up_is_heard_as_it_is_in_the_file(clip: Path) -> None:
    given, said = trial.given_clip({"architecture": "hubert"}, {}, clip)
    np.testing.assert_array_equal(given, read_sound(clip))
    assert said.startswith("1.0")
    one, two = (trial.given_clip({"architecture": "manet"}, {}, None)[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.uint8
