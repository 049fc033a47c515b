"""What a run says last."""

import os

from merflow.ending import what_went_wrong


def test_each_sentence_of_this_run_is_told_once(tmp_path):
    old = tmp_path / "old.log"
    old.write_text("merflow: yesterday's trouble\n")
    os.utime(old, (100, 100))
    for number in (1, 2):
        path = tmp_path / "corpus_check" / f"{number}.log"
        path.parent.mkdir(exist_ok=True)
        path.write_text("progress\nmerflow: labels.csv, line 3: no such class\n")
    assert what_went_wrong(200, tmp_path).strip() == "merflow: labels.csv, line 3: no such class"
