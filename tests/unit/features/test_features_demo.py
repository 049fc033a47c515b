"""The real demo encoders through the real commands."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from real_media import filmed_clips, speech_folder

from merflow.corpus.manifest import COLUMNS
from merflow.encoders.registry import layers_of
from merflow.features.commands import group
from merflow.features.read import read_layers
from merflow.noise.draw import draw_noise
from merflow.noise.manifest import write_noise
from merflow.storage.digest import file_sha256

SIZES = {
    "hubert": {"width": 32, "layers": 2},
    "resnet50_ferplus": {"width": 4, "layers": None},
    "manet": {"width": 4, "layers": None},
}


def run(*arguments):
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(group, texts, catch_exceptions=False)


def demo_weights(folder, kind):
    """Write the demo checkpoint of one kind and return its folder and the encoder's settings."""
    weights = folder / f"weights-{kind}"
    spec = json.dumps(SIZES[kind] | {"seed": 1, "speakers": 1, "steps": 0})
    run("demo-encoder", "--kind", kind, "--spec", spec, "--out", weights)
    settings = {"architecture": kind, "sha256": None, "device": "cpu", "batch": 3}
    layers = SIZES[kind]["layers"]
    return weights, settings | ({"layers": layers} if layers else {"forward_order": 2021})


@pytest.mark.parametrize("kind", SIZES)
def test_an_encoder_runs_through_the_commands_whatever_the_shards(corpus, tables_agree, kind):
    weights, spec = demo_weights(corpus.folder, kind)
    common = ["extract", "--name", "X", "--spec", json.dumps(spec), "--weights", weights]
    common += ["--manifest", corpus.manifest, "--root", corpus.folder / "raw"]
    common += ["--crops", corpus.folder / "crops.safetensors"]
    noisy = ["--noise", corpus.noise, "--noise-root", corpus.folder / "recordings"]
    tables = {}
    for condition, options in (("clean", []), ("noise", noisy)):
        for shards in (1, 2):
            paths = [corpus.folder / f"{condition}-{k}-of-{shards}.st" for k in range(shards)]
            for k, path in enumerate(paths):
                place = ["--store", corpus.folder / f"{condition}-{shards}", "--out", path]
                run(*common, *options, "--shard", k, "--shards", shards, *place)
            tables[condition, shards] = read_layers(paths)
        assert tables_agree(tables[condition, 1], tables[condition, 2])
    clean, noise = tables["clean", 1], tables["noise", 1]
    assert list(clean.values) == layers_of(spec)
    assert set(clean.copies) == {0}
    assert set(noise.copies) == {1, 2}
    twins = [clean.clips.index(clip) for clip in corpus.twins]
    last = clean.values[layers_of(spec)[-1]]
    np.testing.assert_array_equal(*last[twins])
    assert len(np.unique(last, axis=0)) == len(last) - 1
    assert len({row.tobytes() for row in noise.values[layers_of(spec)[-1]]}) == len(noise.clips)


def test_a_visual_encoder_without_faces_says_what_to_give(corpus):
    from merflow.errors import MerflowError

    arguments = ["extract", "--name", "RF", "--spec", '{"architecture": "manet"}']
    arguments += ["--weights", "w", "--manifest", corpus.manifest, "--root", corpus.folder]
    arguments += ["--shard", 0, "--shards", 1, "--store", corpus.folder / "s", "--out", "o"]
    with pytest.raises(MerflowError, match=r"RF .* --crops"):
        run(*arguments)


@pytest.mark.real
def test_real_clips_with_real_noise(tmp_path):
    clips = filmed_clips()[:3]
    assert len(clips) == 3
    rows = [
        {"clip": path.stem, "split": "train", "path": path.name, "sha256": file_sha256(path)}
        for path in clips
    ]
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table.to_csv(tmp_path / "manifest.csv", index=False)
    recordings = speech_folder()
    spec = {"seed": 0, "copies": 2, "preset": "organiser", "visual": []}
    write_noise(tmp_path / "noise.csv", draw_noise(spec, table["clip"], recordings))
    weights, settings = demo_weights(tmp_path, "hubert")
    common = ["extract", "--name", "HL", "--spec", json.dumps(settings), "--weights", weights]
    common += ["--manifest", tmp_path / "manifest.csv", "--root", clips[0].parent]
    common += ["--shard", 0, "--shards", 1]
    noisy = ["--noise", tmp_path / "noise.csv", "--noise-root", recordings]
    run(*common, "--store", tmp_path / "a", "--out", tmp_path / "clean.safetensors")
    run(*common, *noisy, "--store", tmp_path / "b", "--out", tmp_path / "noise.safetensors")
    clean = read_layers([tmp_path / "clean.safetensors"])
    noise = read_layers([tmp_path / "noise.safetensors"])
    assert clean.clips == [path.stem for path in clips]
    assert noise.clips == [path.stem for path in clips for _ in range(2)]
    assert noise.copies.tolist() == [1, 2] * 3
    both = np.concatenate([clean.values["2"], noise.values["2"]])
    assert np.isfinite(both).all()
    assert len(np.unique(both, axis=0)) == 9
