"""``snakemake faces`` makes the faces and what shows them, and nothing that lies below them."""

import pytest
from graph import small_settings, snakemake, write_settings


@pytest.mark.slow
def test_the_target_faces_makes_table_and_sheet_alone_and_says_where(tmp_path):
    chosen = small_settings()
    chosen["corpus"]["demo"] |= {"clips": {"train": 10, "test1": 2, "test2": 2}, "speakers": 3}
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "--cores", "2", "faces")
    assert outcome.code == 0, outcome.text[-6000:]
    assert {"faces_quality", "faces_sheet"} <= set(outcome.jobs)
    nouns = {rule.partition("_")[0] for rule in outcome.jobs}
    assert nouns == {"corpus", "faces"}
    (quality,) = tmp_path.glob("results/faces/*/*/quality.csv")
    told = outcome.text.partition("Results: ")[2]
    for path in (quality, tmp_path / "results" / "private" / "demo" / "faces.png"):
        assert path.stat().st_size > 0
        assert f" {path.relative_to(tmp_path)}\n" in told
    assert "Quarantined: " in told
    assert snakemake(tmp_path, "--cores", "2", "faces").jobs == {}


def test_without_an_encoder_that_sees_the_target_says_so(tmp_path):
    chosen = small_settings()
    for name in ("RF", "MR"):
        del chosen["features"]["encoders"][name]
    heard = chosen["fusion"]["systems"][1] | {"features": ["HL(18)"]}
    chosen["fusion"]["systems"], chosen["ensemble"]["systems"] = [heard], []
    chosen["probes"]["encoders"] = ["HL"]
    chosen["report"]["submission"] = None
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "-n", "--cores", "1", "faces")
    assert outcome.code == 1, outcome.text
    last = outcome.text.splitlines()[-1]
    assert last.startswith("merflow: params.yaml: no encoder under features.encoders looks at")
    assert ".smk" not in outcome.text
