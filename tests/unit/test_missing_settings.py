"""Commands of rules that are called by hand with too few settings say which one is missing."""

import json

import pytest
from click.testing import CliRunner

from merflow.errors import MerflowError
from merflow.faces.commands import group as faces
from merflow.noise.commands import group as noise
from merflow.robustness.commands import group as robustness

SHARD = ["--shard", "0", "--shards", "1", "--store", "s", "--crops", "c", "--tracks", "t"]
NOISE = ["--manifest", "m.csv", "--root", "r", "--out", "o.csv"]
LEVELS = [
    "--manifest",
    "m.csv",
    "--folds",
    "f.csv",
    "--draws",
    "d.csv",
    "--runs",
    "r",
    "--out",
    "o",
]
DRAW = {"seed": 0, "preset": "paper", "visual": []}
NOTHING = {"split": "test1", "snr": [0], "systems": {}, "ensembles": {}, "labels": {}}


@pytest.mark.parametrize(
    ("group", "verb", "spec", "arguments", "told"),
    [
        (noise, "draw", {}, NOISE, "'seed' is missing"),
        (noise, "draw", DRAW, NOISE, "'copies' is missing"),
        (noise, "draw-tests", {"seed": 0}, [*NOISE, "--split", "test1"], "'preset' is missing"),
        (noise, "levels", {"split": "test1"}, NOISE, "'snr' is missing"),
        (faces, "crop", {}, ["--manifest", "m", "--root", ".", *SHARD], "'backend' is missing"),
        *(
            (
                faces,
                "crop",
                {"backend": backend},
                ["--manifest", "m", "--root", ".", *SHARD],
                f"'{lacks}' is missing",
            )
            for backend, lacks in (
                ("cascade", "fps"),
                ("yunet", "yunet"),
                ("precropped", "precropped"),
            )
        ),
        (robustness, "predict", {}, LEVELS, "'split' is missing"),
        (robustness, "predict", NOTHING, LEVELS, "names no systems"),
    ],
)
def test_a_missing_setting_is_told(tmp_path, monkeypatch, group, verb, spec, arguments, told):
    monkeypatch.chdir(tmp_path)
    extra = ["--facts", "f.csv"] if group is faces else []
    command = [verb, "--spec", json.dumps(spec), *arguments, *extra]
    with pytest.raises(MerflowError, match=told):
        CliRunner().invoke(group, command, catch_exceptions=False)
    assert not any(tmp_path.iterdir())
