import hashlib
import json
import subprocess
import sys

import pytest

from merflow.environment import COMMAND
from merflow.errors import MerflowError
from merflow.report.provenance import gpus, weight_file
from merflow.report.times import rule_times

HEADER = "s\th:m:s\tmax_rss\tcpu_time\n"


def test_times_are_summed_by_rule(tmp_path):
    (tmp_path / "corpus_check").mkdir()
    (tmp_path / "corpus_check" / "0.tsv").write_text(HEADER + "1.5\t0:00:01\t9\t1.0\n")
    (tmp_path / "corpus_check" / "1.tsv").write_text(HEADER + "2.5\t0:00:02\tNA\t-\n")
    (tmp_path / "report_table1.tsv").write_text(HEADER + "3.0\t0:00:03\t9\t2.0\n")
    (tmp_path / "fusion_train").mkdir()
    for digest in ("0123abcd", "4567cdef"):
        path = tmp_path / "fusion_train" / f"mine.clean-{digest}.tsv"
        path.write_text(HEADER + "5.0\t0:00:05\t9\t5.0\n")
    found = rule_times(tmp_path, ["0123abcd"])
    assert found["fusion_train"] == {"jobs": 1, "wall_s": 5.0, "cpu_s": 5.0}
    assert found["corpus_check"] == {"jobs": 2, "wall_s": 4.0, "cpu_s": 1.0}
    assert found["report_table1"] == {"jobs": 1, "wall_s": 3.0, "cpu_s": 2.0}
    assert found["total"] == {"jobs": 4, "wall_s": 12.0, "cpu_s": 8.0}


def test_run_records_versions_seeds_and_weights(report, tmp_path, monkeypatch):
    monkeypatch.setenv(COMMAND, "snakemake --cores all")
    folder = tmp_path / "hubert"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").write_bytes(b"weights")
    out = tmp_path / "run.json"
    report.call(
        "run",
        report.corpus.spec,
        *("--benchmark-dir", tmp_path / "absent", "--weights", f"HL={folder}", "--out", out),
    )
    found = json.loads(out.read_text())
    assert found["weights"]["HL"] == {
        "file": "pytorch_model.bin",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
    }
    assert found["seeds"] == {"fusion": [0]}
    assert {"python", "torch", "merflow", "opencv-python-headless"} <= set(found["versions"])
    assert found["cpu"]["model"]
    assert found["command"] == "snakemake --cores all"


def test_run_works_without_git_and_without_a_driver(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    from merflow.report.provenance import git_state

    assert gpus() == []
    assert git_state() == {"commit": None, "changed": None}


def test_a_weight_folder_must_leave_no_doubt(tmp_path):
    with pytest.raises(MerflowError, match="0 weight files"):
        weight_file(tmp_path)
    (tmp_path / "a.pth").touch()
    assert weight_file(tmp_path).name == "a.pth"
    (tmp_path / "b.pt").touch()
    with pytest.raises(MerflowError, match="2 weight files"):
        weight_file(tmp_path)


def test_manifest_has_counts_and_digests_but_no_clip_time_or_path(report):
    corpus = report.corpus
    out, quarantine = corpus.folder / "corpus.json", corpus.folder / "q.csv"
    quarantine.write_text("clip,split,path,reason,detail\nlost,test1,x.mp4,missing,\n")
    arguments = ("--manifest", corpus.manifest, "--quarantine", quarantine, "--out", out)
    report.call("manifest", corpus.spec, *arguments)
    first = out.read_bytes()
    report.call("manifest", corpus.spec, *arguments)
    assert out.read_bytes() == first
    found, text = json.loads(first), first.decode()
    assert found["clips"]["test1"] == {"used": 25, "quarantined": {"missing": 1}}
    digest = hashlib.sha256(corpus.manifest.read_bytes()).hexdigest()
    assert found["digests"] == {"corpus": "made-up-01234567", "manifest_sha256": digest}
    for private in ("clip_", "lost", "angry", str(corpus.folder), "+cpu"):
        assert private not in text


def test_help_imports_nothing_heavy():
    code = (
        "import sys, merflow.report.commands\n"
        "heavy = {'numpy', 'pandas', 'torch', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
