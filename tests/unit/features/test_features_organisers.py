"""Features in the organisers' layout: read, collected into a shard, exported and read again."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from merflow.corpus.manifest import COLUMNS, read_manifest
from merflow.errors import MerflowError
from merflow.features.export import export_layer
from merflow.features.file import FeatureFile
from merflow.features.organisers import check_complete, npy_name, read_vector
from merflow.features.precomputed import collect_shard, faceless_table
from merflow.features.read import read_layers
from merflow.features.samples import samples_of_shard
from merflow.layout import read_layout
from merflow.report.clips import clip_counts, read_quarantine

ROOT = Path(__file__).resolve().parents[3]
CLIPS = [f"clip_{number:08d}" for number in range(12)]
FACELESS = CLIPS[4]


def saved(folder, clip, values):
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{clip}.npy", values)
    return folder / f"{clip}.npy"


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i4"])
@pytest.mark.parametrize("shape", [(7,), (1, 7)])
def test_a_vector_is_taken_as_it_is(tmp_path, dtype, shape):
    values = np.arange(7).astype(dtype) / (3 if dtype[1] == "f" else 1)
    vector, frames = read_vector(saved(tmp_path / "a-UTT", "x", values.reshape(shape)), False)
    assert vector.dtype == np.float32
    assert frames == 1
    np.testing.assert_array_equal(vector, values.astype(np.float32))


@pytest.mark.parametrize("order", ["C", "F"])
def test_frames_become_their_float64_mean_and_deviation(tmp_path, order):
    draws = np.random.default_rng(0).normal(1000, 1, (5000, 60)).astype(np.float32, order=order)
    file = saved(tmp_path / "a-FRA", "x", draws)  # large enough to be mapped
    wide = draws.astype(np.float64)
    mean, frames = read_vector(file, False)
    both, _ = read_vector(file, True)
    assert frames == 5000
    np.testing.assert_allclose(mean, wide.sum(0) / 5000, rtol=1e-7)
    np.testing.assert_array_equal(both[:60], mean)
    np.testing.assert_allclose(both[60:], np.sqrt(((wide - wide.mean(0)) ** 2).mean(0)), rtol=1e-6)
    again, _ = read_vector(saved(tmp_path / "b", "x", np.ascontiguousarray(draws)), False)
    np.testing.assert_allclose(again, mean, rtol=1e-7)


def test_one_frame_deviates_by_nothing_and_a_mean_has_no_deviation(tmp_path):
    one = np.ones((1, 3), np.float32)
    for name in ("a-FRA", "a_FRA"):
        vector, _ = read_vector(saved(tmp_path / name, "x", one), True)
        np.testing.assert_array_equal(vector, [1, 1, 1, 0, 0, 0])
    for name, values in (("a-UTT", one), ("a_UTT", one[0])):
        file = saved(tmp_path / name, "x", values)
        with pytest.raises(MerflowError, match=r"no standard deviation: name .*-FRA") as caught:
            read_vector(file, True)
        assert str(file) in str(caught.value)


def infinite(values):
    values[1] = np.inf
    return values


BAD = {
    "nan": (np.array([1, np.nan], np.float32), "holds NaN or infinity"),
    "inf": (infinite(np.ones((4, 3), np.float32)), "holds NaN or infinity"),
    "too large": (np.array([1e39, 1]), "holds NaN or infinity"),
    "empty": (np.zeros(0, np.float32), r"has the shape \(0,\)"),
    "no frame": (np.zeros((0, 5), np.float32), r"has the shape \(0, 5\)"),
    "scalar": (np.float32(1), r"has the shape \(\)"),
    "cube": (np.zeros((2, 3, 4), np.float32), r"has the shape \(2, 3, 4\)"),
    "text": (np.array(["a", "b"]), "no plain array of numbers"),
    "complex": (np.array([1j]), "no plain array of numbers"),
    "objects": (np.array([{}], dtype=object), "is no npy file of numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_vector_is_told_with_its_file(tmp_path, case):
    values, words = BAD[case]
    file = saved(tmp_path, "x", values)
    with pytest.raises(MerflowError, match=words) as caught:
        read_vector(file, False)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_npy_are_told(tmp_path):
    file = tmp_path / "x.npy"
    good = saved(tmp_path, "good", np.ones(9)).read_bytes()
    for content in (b"", b"garbage", pickle.dumps([1.0]), good[:-8]):
        file.write_bytes(content)
        with pytest.raises(MerflowError, match="is no npy file of numbers"):
            read_vector(file, False)
    with file.open("wb") as stream:
        np.savez(stream, a=np.ones(3))
    with pytest.raises(MerflowError, match="an archive of arrays"):
        read_vector(file, False)
    with pytest.raises(MerflowError, match="is missing"):
        read_vector(tmp_path / "absent.npy", False)


@pytest.mark.parametrize("clip", ["", "../x", "a/b", "a\\b", "nul\0", "x" * 300])
def test_a_clip_that_is_no_file_name_leads_nowhere(clip):
    with pytest.raises(MerflowError, match="must be a plain file name"):
        npy_name(clip)


def test_missing_files_are_counted_and_the_first_are_named(tmp_path):
    for clip in CLIPS[6:]:
        saved(tmp_path / "a-UTT", clip, np.ones(2))
    check_complete(tmp_path / "a-UTT", CLIPS[6:])
    with pytest.raises(MerflowError, match=r"features of 6 of 12 clips \(clip_00000000\.npy, "):
        check_complete(tmp_path / "a-UTT", CLIPS)
    with pytest.raises(MerflowError, match=r"a1 cannot be read .*folders"):
        check_complete(tmp_path / "a1", CLIPS)


@pytest.fixture
def given(tmp_path):
    """A manifest of labels alone, and two layers of a visual network; one clip has no face."""
    rows = [{"clip": clip, "split": "train", "emotion": "sad", "sha256": clip} for clip in CLIPS]
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table.to_csv(tmp_path / "manifest.csv", index=False)
    draws = np.random.default_rng(1)
    for layer, dim in (("block1", 4), ("block2", 6)):
        for clip in CLIPS:
            values = draws.standard_normal((draws.integers(1, 5), dim)).astype(np.float32)
            saved(tmp_path / f"{layer}-FRA", clip, values * (clip != FACELESS))
    return tmp_path


def spec_of(folder, *layers, **settings):
    folders = {layer: str(folder / f"{layer}-FRA") for layer in layers or ("block1", "block2")}
    return {"architecture": "precomputed", "of": "manet", "folders": folders, **settings}


def collected(folder, spec, name="out", shards=1):
    """Collect all shards and return their files."""
    paths = []
    for shard in range(shards):
        samples = samples_of_shard(folder / "manifest.csv", None, shard, shards)
        paths.append(folder / name / f"{shard}-of-{shards}.safetensors")
        collect_shard(spec, CLIPS, samples, paths[-1])
    return paths


def test_each_clip_gets_its_row_and_zeros_are_a_clip_without_a_face(given):
    table = read_layers(collected(given, spec_of(given)))
    assert table.clips == [clip for clip in CLIPS if clip != FACELESS]
    assert list(table.values) == ["block1", "block2"]
    for row, clip in enumerate(table.clips):
        frames = np.load(given / "block2-FRA" / f"{clip}.npy").astype(np.float64)
        expected = frames.mean(0).astype(np.float32)
        np.testing.assert_array_equal(table.values["block2"][row], expected)


def test_clips_without_a_face_are_named_and_count_once(given):
    manifest = read_manifest(given / "manifest.csv")
    lists = []
    for name, layers in (("both", ()), ("one", ("block2",))):
        for shard in range(2):
            samples = samples_of_shard(given / "manifest.csv", None, shard, 2)
            out = given / name / f"{shard}.safetensors"
            clips = collect_shard(spec_of(given, *layers), CLIPS, samples, out)
            lists.append(out.with_suffix(".csv"))
            faceless_table(clips, manifest).to_csv(lists[-1], index=False)
        assert sum(len(pd.read_csv(path)) for path in lists[-2:]) == 1
    counts = clip_counts(manifest, read_quarantine(lists, manifest))
    assert counts == {"train": {"used": 12, "quarantined": {"faceless": 1}}}


def test_zeros_of_a_sound_are_a_vector_as_any_other(given):
    spec = {"of": "hubert", "architecture": "precomputed", "layers": 24}
    spec["folders"] = {"24": str(given / "block1-FRA")}
    table = read_layers(collected(given, spec))
    assert table.clips == CLIPS
    assert not table.values["24"][CLIPS.index(FACELESS)].any()


def test_shards_agree_with_each_other_and_with_the_whole(given, tables_agree):
    whole = read_layers(collected(given, spec_of(given)))
    parts = collected(given, spec_of(given), "three", 3)
    assert tables_agree(whole, read_layers(parts[::-1]))


def test_where_the_files_lie_does_not_count_but_their_content_does(given):
    before = collected(given, spec_of(given))[0].read_bytes()
    for layer in ("block1", "block2"):
        (given / f"{layer}-FRA").rename(given / f"{layer}-moved-FRA")
    spec = spec_of(given)
    spec["folders"] = {k: v.replace("-FRA", "-moved-FRA") for k, v in spec["folders"].items()}
    assert collected(given, spec)[0].read_bytes() == before
    # The same mean of other frames is another content.
    saved(given / "block1-moved-FRA", CLIPS[0], np.ones((2, 4), np.float32))
    one = FeatureFile(collected(given, spec)[0])
    saved(given / "block1-moved-FRA", CLIPS[0], np.ones((3, 4), np.float32))
    other = FeatureFile(collected(given, spec)[0])
    assert one.keys[0] != other.keys[0]
    assert one.keys[1:] == other.keys[1:]
    np.testing.assert_array_equal(one.layer("block1"), other.layer("block1"))


def test_vectors_of_other_lengths_and_gaps_are_told(given):
    odd = saved(given / "block2-FRA", CLIPS[9], np.ones((2, 5), np.float32))
    with pytest.raises(MerflowError, match=r"of 5 values and clip_00000000.npy .* of 6") as told:
        collected(given, spec_of(given), shards=3)
    assert str(odd) in str(told.value)
    odd.unlink()
    with pytest.raises(MerflowError, match=r"lacks the features of 1 of 12 clips"):
        collected(given, spec_of(given))


def test_an_empty_shard_is_written_and_read(given, tables_agree):
    paths = collected(given, spec_of(given), "many", 40)
    assert tables_agree(read_layers(paths), read_layers(collected(given, spec_of(given))))
    assert any(not FeatureFile(path).rows for path in paths)


def test_what_is_exported_is_read_again_to_the_last_bit(given, tables_agree, capsys):
    spec = spec_of(given, statistics="mean_std")
    before = read_layers(collected(given, spec))
    for layer in ("block1", "block2"):
        folder = given / "exported" / f"MR-{layer}-UTT"
        paths = [given / "out" / "0-of-1.safetensors"]
        assert export_layer(paths, given / "manifest.csv", layer, folder, deviation=True) == len(
            CLIPS
        )
        assert len(list(folder.iterdir())) == len(CLIPS)
        assert [p.name for p in folder.parent.glob(".*")] == []
        exported = np.load(folder / f"{CLIPS[0]}.npy", allow_pickle=False)
        assert exported.dtype == np.float32
        assert exported.ndim == 1
        spec["folders"][layer] = str(folder)
    told = capsys.readouterr().out
    assert "the mean in 4 values and behind it the deviation in 4" in told
    del spec["statistics"]
    assert tables_agree(before, read_layers(collected(given, spec, "again")))


def test_an_export_replaces_nothing_and_stays_in_its_folder(given):
    paths, manifest = collected(given, spec_of(given)), given / "manifest.csv"
    (given / "there").mkdir()
    with pytest.raises(MerflowError, match="is there already: remove it"):
        export_layer(paths, manifest, "block1", given / "there", deviation=False)
    with pytest.raises(MerflowError, match="has no layer 'block3'"):
        export_layer(paths, manifest, "block3", given / "new", deviation=False)
    manifest.write_text(manifest.read_text().replace(CLIPS[3], "../x"))
    with pytest.raises(MerflowError, match=r"'\.\./x' cannot have features"):
        export_layer(paths, manifest, "block1", given / "new", deviation=False)
    assert not (given / "new").exists()


def test_a_user_exports_what_the_settings_name(given, run, monkeypatch):
    monkeypatch.chdir(given)
    export = ["features", "export", "--encoder", "MR", "--out", "out"]
    assert "call this in the project's folder" in str(run(*export, "--layer", 1).exception)
    settings = yaml.safe_load((ROOT / "presets" / "organiser_features.yaml").read_text())
    settings["corpus"]["labels"] = {"train": "manifest.csv"}
    settings["features"]["encoders"] = {"MR": spec_of(given)}
    (given / "params.yaml").write_text(yaml.safe_dump(settings))
    for words in (["--encoder", "XX"], ["--layer", "stem"]):
        told = str(run(*export, "--layer", "block2", *words).exception)
        assert "choose one of" in told
    told = str(run(*export, "--layer", "block2").exception)
    assert "is not complete" in told
    assert "run `snakemake --cores all features`" in told
    layout = read_layout(given / "params.yaml")
    (given / layout.manifest).parent.mkdir(parents=True)
    shutil.copy("manifest.csv", layout.manifest)
    (shard,) = layout.feature_shards("MR", "clean")
    where = ["--manifest", layout.manifest, "--shard", 0, "--shards", 1, "--out", shard]
    where += ["--quarantine", "faceless.csv"]
    done = run("features", "collect", "--spec", json.dumps(spec_of(given)), *where)
    assert "1 of them zero vectors" in done.output, done.output
    assert Path("faceless.csv").read_text() == (
        "clip,split,path,reason,detail\n" + f"{FACELESS},train,,faceless,a vector of zeros\n"
    )
    done = run(*export, "--layer", "block2")
    assert done.exit_code == 0, done.output
    assert "each file holds 6 values" in done.output
    assert not np.load(f"out/MR-block2-UTT/{FACELESS}.npy").any()
    files = {path.stem for path in (given / "out/MR-block2-UTT").iterdir()}
    assert files == set(CLIPS)


def test_an_encoder_is_not_looked_for_where_features_are_given(given, run):
    where = ["--manifest", given / "manifest.csv", "--root", given, "--store", given / "store"]
    where += ["--shard", 0, "--shards", 1, "--out", given / "0.safetensors"]
    done = run("features", "extract", "--name", "M", "--spec", json.dumps(spec_of(given)), *where)
    assert "use `merflow features collect`" in str(done.exception)
