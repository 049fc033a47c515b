"""What the page on speakers says of given differences, and of where the trainings lie."""

from pathlib import Path

import pandas as pd

from merflow.report.naming import CHALLENGE, Naming
from merflow.report.speakers import run_folders
from merflow.report.speakers_page import verdict

SYSTEMS = ["mr_rf-baseline", "hl-jdev"]


def rows(**differences):
    return pd.DataFrame(
        [
            {"system": "mine", "metric": name, "difference": d, "low": low, "high": high}
            for name, (d, low, high) in differences.items()
        ]
    )


def test_the_page_says_which_run_folder_is_of_which_folds():
    labels = [f"{SYSTEMS[0]}|clean|{reading}" for reading in ("honest", "organiser")]
    sides = [
        {label: Path(f"runs/{SYSTEMS[0]}.clean-{digest}/p.parquet") for label in labels}
        for digest in ("0a", "0b")
    ]
    names = {SYSTEMS[0]: (f"{SYSTEMS[0]}.clean-0a", f"{SYSTEMS[0]}.clean-0b")}
    assert run_folders(*sides) == names


def test_the_verdict_goes_by_the_interval_of_each_metric():
    worse = verdict(rows(Dis=(-0.05, -0.08, -0.02), Dim=(0.1, 0.02, 0.2)), CHALLENGE, 4)
    assert worse == (
        "Of mine, Dis changes by -0.0500 [-0.080, -0.020] and Dim changes by +0.1000 [+0.020, "
        "+0.200] when whole speakers are held out. By Dis and Dim the random folds' scores "
        "are in part of speakers that were heard in training: they are too good for speakers that "
        "were not."
    )
    unclear = verdict(rows(Dis=(-0.05, -0.11, 0.01)), CHALLENGE, 4)
    assert "Dis changes by -0.0500 [-0.110, +0.010] when" in unclear
    assert "By Dis no leak is shown" in unclear
    better = verdict(rows(Dis=(0.05, 0.01, 0.09), Dim=(-0.1, -0.2, -0.05)), CHALLENGE, 4)
    assert "By Dis and Dim scores are better without known speakers" in better


def test_metrics_that_say_different_things_are_told_apart():
    proxy = Naming(False, "valence_proxy")
    told = {"Dis": (-0.02, -0.05, 0.01), "valence_proxy MSE": (-0.1, -0.2, -0.05)}
    said = verdict(rows(**told, **{"valence_proxy CCC": (-0.2, -0.3, -0.1)}), proxy, 4)
    assert said.index("By valence_proxy CCC the random") < said.index("By valence_proxy MSE scores")
    assert said.endswith(
        "By Dis no leak is shown: so many speakers cannot tell the change from none, or there is "
        "none."
    )
