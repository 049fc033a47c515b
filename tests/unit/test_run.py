"""What a run leaves and takes away when it has ended."""

import os
from pathlib import Path

import pytest
import yaml

from merflow.ending import RECORD
from merflow.layout import Layout
from merflow.run import Run

SMALL = Path(__file__).parents[2] / "presets" / "small.yaml"
MADE = ("table1.md", "robustness.md", "speakers.csv", "own.md")
DRAWN = ("robustness.svg", "figure4.png")


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A layout in a folder with tables, figures and the record of a finished run."""
    monkeypatch.chdir(tmp_path)
    found = Layout(yaml.safe_load(SMALL.read_text(encoding="utf-8")))
    for folder, names in ((found.tables, MADE), (found.figures, DRAWN), (RECORD.parent, [RECORD])):
        Path(folder).mkdir(parents=True)
        for name in names:
            Path(folder, Path(name).name).touch()
    return found


def left(layout):
    folders = (Path(layout.tables), Path(layout.figures))
    return {path.name for folder in folders for path in folder.iterdir()}


def test_tables_and_figures_of_settings_past_are_removed_and_no_others(layout):
    wanted = [f"{layout.tables}/table1.md", f"{layout.figures}/figure4.png"]
    Run(layout, lambda: 1, lambda: wanted, lambda: []).succeeded()
    assert left(layout) == {"table1.md", "own.md", "figure4.png"}


def test_a_run_that_made_a_part_leaves_them_alone(layout):
    run = Run(layout, lambda: 1, lambda: [], lambda: [])
    os.utime(RECORD, (1.0, 1.0))
    run.succeeded()
    assert left(layout) == {*MADE, *DRAWN}


def test_a_second_run_ends_with_one_sentence(layout):
    first, second = (Run(layout, lambda: 1, lambda: [], lambda: []) for _ in range(2))
    first.start()
    with pytest.raises(SystemExit, match=r"^merflow: another run .* is at work in .*wait for it"):
        second.start()
    first.failed()
