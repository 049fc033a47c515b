"""What docs/corpora.md says that a run of MER2023 costs is what the doctor would say."""

import re

import pytest
import yaml

from merflow.doctor import amounts, disk, hours
from merflow.doctor.case import Case
from merflow.doctor.sample import Lengths

CLIPS = {"train": 3373, "test1": 411, "test2": 412, "test3": 834}
SHARDS = 16


@pytest.fixture(scope="module")
def rows(pytestconfig):
    """Return the table of the page: step -> cells."""
    text = (pytestconfig.rootpath / "docs" / "corpora.md").read_text(encoding="utf-8")
    part = text.partition("### What a run of MER2023 costs")[2].partition("\n## ")[0]
    cells = [line[1:-1].split("|") for line in part.splitlines() if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells[2:]}


def case_of(root, folder, precision):
    """Return the preset for a copy of the release whose clips have 3.98 s, and nothing made yet."""
    config = yaml.safe_load((root / "presets" / "mer2023.yaml").read_text(encoding="utf-8"))
    for encoder in config["features"]["encoders"].values():
        encoder["precision"] = precision
    release, number = folder / config["corpus"]["root"], 0
    for split, count in CLIPS.items():
        (release / split).mkdir(parents=True)
        names = [f"sample_{number + k:08d}" for k in range(count)]
        number += count
        for name in names:
            (release / split / f"{name}.avi").touch()
        lines = ["name,discrete,valence", *(f"{name},happy,1.0" for name in names)]
        (release / f"{split}-label.csv").write_text("\n".join(lines) + "\n")
    recordings = folder / config["noise"]["root"] / "speech"
    recordings.mkdir(parents=True)
    for name in "ab":
        (recordings / f"{name}.wav").touch()
    case = Case(config)
    # As of the release: headers of real clips would say it.
    vars(case)["lengths"] = Lengths(sum(CLIPS.values()), 3.98, 0.0, 25.0, (), "")
    return case


def number(cell):
    """Return the numbers in a cell."""
    return [float(found) for found in re.findall(r"\d*\.?\d+", cell)]


@pytest.mark.parametrize(("precision", "column"), [("float32", 1), ("bfloat16", 2)])
def test_the_page_agrees_with_the_doctor(
    pytestconfig, tmp_path, monkeypatch, rows, precision, column
):
    monkeypatch.chdir(tmp_path)
    case = case_of(pytestconfig.rootpath, tmp_path, precision)
    found = amounts.encodings(case)
    steps = [hours._encoder_step(case, one, SHARDS) for one in found]
    for step in (*steps, hours._probes(case, found), hours._fusion(case)):
        assert number(rows[step.name][column]) == [round(step.core_s[1] / 3600, 1)], step.name
    for one in found:
        told = rows[f"features of {one.name}"][0]
        assert told.startswith("the same") or f"{one.rows:,}" in told
    parts = disk._parts(case)
    named = {"crops": "faces", "runs": "fusion"}
    for part, size in parts.items():
        assert number(rows[named.get(part, part)][3]) == [round(size / 1e9, 1)], part
    assert number(rows["in all"][3]) == [round(sum(parts.values()) / 1e9, 1)]


@pytest.mark.parametrize("column", [1, 2])
def test_the_last_row_is_the_sum(rows, column):
    spans = [number(cells[column]) for step, cells in rows.items() if step != "in all"]
    assert number(rows["in all"][column]) == [
        round(sum(span[0] for span in spans)),
        round(sum(span[-1] for span in spans)),
    ]


def test_faces_and_decoding_follow_from_their_rates(rows):
    clips = sum(CLIPS.values())
    frames = clips * 3.98 * 25
    assert round(frames, -5) == 500_000
    assert number(rows["faces"][1]) == [
        round(frames / 528.5 / 3600, 1),
        round(2 * frames / 134.7 / 3600, 1),
    ]
    assert number(rows["check"][1]) == [round(clips * 0.05 / 3600, 1)]
    heard = clips + CLIPS["train"] + 6 * CLIPS["test1"]
    assert number(rows["decoding of sound for HL"][1]) == [round(heard * 0.05 / 3600, 1)]
