"""A user's own systems, declared in params.yaml alone, come out in every table."""

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

OWN = {"features": ["HL(18)", "MR(block2)"], "strategy": 1, "augmentation": ["clean"]}
BASELINE = {**OWN, "name": "mine", "decoder": "baseline", "loss": "sum"}
JOINT = {**OWN, "name": "mine-kendall", "decoder": "jdev", "loss": "kendall"}


@pytest.fixture(scope="module")
def own(project, tmp_path_factory):
    """A copy whose settings have two systems more, an ensemble of them, and linear probes."""
    copy = project.copy(tmp_path_factory.mktemp("own") / "project")
    copy.edit(
        {
            "fusion.systems+": [BASELINE, JOINT],
            "ensemble.systems+": [{"name": "both", "members": ["mine", "mine-kendall"]}],
            "probes.kind": "linear",
        }
    )
    copy.snakemake("--cores", "2")
    return copy


def table(project, name):
    return pd.read_csv(project.folder / "results" / "tables" / "demo" / name)


def test_own_systems_stand_in_table_1_in_both_readings(own):
    rows = table(own, "table1.csv")
    for name in ("mine", "mine-kendall", "both"):
        mine = rows[rows["system"] == name]
        assert set(mine["reading"]) == {"honest", "organiser"}
        assert {"Train&Val", "MER-MULTI"} <= set(mine["row"])
        assert mine["ours"].between(mine["low"], mine["high"]).all()
        assert mine["paper"].isna().all()


def test_own_jdev_and_baseline_are_paired_by_what_they_are(own):
    rows = table(own, "differences.csv")
    pair = rows[(rows["system"] == "mine-kendall") & (rows["against"] == "mine")]
    assert set(pair["comparison"]) == {"jdev-baseline"}
    assert {"honest", "organiser"} == set(pair["reading"])
    scores = table(own, "table1.csv").set_index(["system", "row", "metric", "reading"])["ours"]
    shown = {(row, metric) for _, row, metric, _ in scores.index}
    # Table 1 has Com alone of a test set.
    known = [one for one in pair.itertuples() if (one.row, one.metric) in shown]
    assert len(known) == 2 * 4
    for one in known:
        at = (one.row, one.metric, one.reading)
        gap = scores["mine-kendall", *at] - scores["mine", *at]
        assert one.difference == pytest.approx(gap, abs=2e-4)


def test_weights_of_trained_uncertainties_are_in_the_curves(own):
    folders = list((own.folder / "results" / "runs").glob("mine-kendall.clean-*"))
    assert len(folders) == 2  # random folds, and by speaker
    for folder in folders:
        curves = pd.read_csv(folder / "curves.csv")
        assert (curves[["delta1", "delta2"]] > 0).all(axis=None)
        assert {"loss", "loss_emotion", "loss_valence", "weighted_f1", "com"} <= set(curves)


def test_linear_probes_draw_figure_4(own, project):
    linear, trained = table(own, "figure4.csv"), table(project, "figure4.csv")
    keys = ["reading", "encoder", "layer", "metric"]
    assert linear[keys].equals(trained[keys])
    probes = linear["encoder"] != "constant"
    assert (linear["value"] != trained["value"])[probes].mean() > 0.9
    assert linear["value"][~probes].equals(trained["value"][~probes])
