"""Clips that cannot be used leave fewer speakers than folds: the run goes on and says so."""

import numpy as np
import pandas as pd
import pytest
from graph import ROOT, small_settings, snakemake, write_settings
from yaml import safe_load

from merflow import settings
from merflow.layout import Layout
from merflow.media.mux import write_clip

SCHEMA = safe_load((ROOT / "workflow" / "schemas" / "params.schema.yaml").read_text())
RATE = 16000


def hearing(folder):
    """Return settings of a system that hears alone, on a table of clips of three speakers.

    All clips of the third speaker are garbage, which is found when they are decoded.
    """
    rng, grey = np.random.default_rng(0), [np.full((64, 64, 3), 90, np.uint8)] * 8
    rows = []
    for k in range(15):
        name, speaker = f"c{k:02d}.mp4", f"s{k % 3}"
        sound = 0.1 * rng.normal(size=RATE).astype(np.float32)
        write_clip(folder / "clips" / name, grey, 8, sound, RATE)
        if speaker == "s2":
            (folder / "clips" / name).write_bytes(bytes(range(256)) * 40)
        rows.append((name, ("happy", "sad")[k // 3 % 2], speaker))
    table = pd.DataFrame(rows, columns=["path", "emotion", "speaker"])
    table.to_csv(folder / "labels.csv", index=False)
    found = small_settings()
    found["corpus"] |= {"name": "mine", "adapter": "table", "root": "clips", "csv": "labels.csv"}
    found["corpus"] |= {"valence": False, "com": False, "tests": [], "classes": ["happy", "sad"]}
    found["corpus"]["folds"] = {"scheme": "random", "count": 3, "seed": 0}
    del found["corpus"]["demo"]
    found["features"]["encoders"] = {"MF": {"architecture": "mfcc"}}
    found["probes"]["encoders"] = []
    plain = found["fusion"]["systems"][0] | {"strategy": 1, "decoder": "baseline", "loss": "sum"}
    heard = {"name": "mf-baseline", "features": ["MF(mfcc)"], "augmentation": ["clean"]}
    found["fusion"]["systems"], found["ensemble"]["systems"] = [plain | heard], []
    found["report"] |= {"rows": found["report"]["rows"][:1], "submission": None}
    found["report"]["robustness"] = None
    found["noise"] |= {"source": "folder", "root": None}
    settings.check(found, SCHEMA)
    return found


@pytest.mark.slow
def test_the_run_goes_on_and_the_page_says_why_speakers_are_not_compared(tmp_path, monkeypatch):
    (tmp_path / "clips").mkdir()
    chosen = hearing(tmp_path)
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    page = (tmp_path / "results" / "tables" / "mine" / "speakers.md").read_text()
    assert "are of 2 speakers, fewer than the 3 folds (corpus.folds.count)" in page
    assert "Set corpus.folds.count to 2 or less" in page
    assert not len(pd.read_csv(tmp_path / "results" / "tables" / "mine" / "speakers.csv"))
    assert "mf-baseline" in (tmp_path / "results" / "tables" / "mine" / "table1.md").read_text()
    assert snakemake(tmp_path, "--cores", "2").jobs == {}

    # Who asks for folds by speaker is told, and gets none of the empty tables.
    chosen["corpus"]["folds"]["scheme"] = "speaker"
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 1
    assert "merflow: 2 speakers cannot fill 3 folds; lower corpus.folds.count" in outcome.text

    # With folds enough for the speakers they are compared.
    chosen["corpus"]["folds"] |= {"scheme": "random", "count": 2}
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    page = (tmp_path / "results" / "tables" / "mine" / "speakers.md").read_text()
    assert "of which there are 2" in page
    monkeypatch.chdir(tmp_path)
    with_speakers = Layout(chosen).trained["fusion_train_speakers"]
    (name,) = with_speakers.runs
    assert f"| {name} |" in page
