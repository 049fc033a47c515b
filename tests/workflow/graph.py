"""Running the graph in a folder of its own and counting the jobs that really ran."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BOTH = ["clean", "noise"]


@dataclass(frozen=True)
class Outcome:
    """What one call of Snakemake printed, and the rules whose jobs it ran, with their number."""

    code: int
    text: str
    jobs: dict[str, int]


def small_settings() -> dict[str, Any]:
    """Return the demo preset with few clips, narrow networks and short trainings."""
    settings = yaml.safe_load((ROOT / "presets" / "demo.yaml").read_text())
    settings["corpus"]["demo"] |= {
        "clips": {"train": 24, "test1": 6, "test2": 6},
        "speakers": 6,
        "duration_s": 1.0,
        "width": 160,
        "height": 112,
    }
    settings["corpus"]["shards"] = 1
    settings["corpus"]["folds"]["count"] = 3
    settings["faces"]["fps"] = 3.0
    settings["features"]["encoders"]["HL"]["demo"]["width"] = 16
    for section in ("probes", "fusion"):
        settings[section]["training"] |= {"epochs": 4, "width": 16}
    kept = {"mr_rf-baseline": ["clean"], "all_s1-jdev": BOTH, "all_s3-jdev": BOTH}
    settings["fusion"]["systems"] = [
        system | {"augmentation": kept[system["name"]]}
        for system in settings["fusion"]["systems"]
        if system["name"] in kept
    ]
    fused = {"name": "fused-jdev", "members": ["all_s1-jdev", "all_s3-jdev"]}
    settings["ensemble"] = {"step": 0.25, "systems": [fused]}
    settings["report"]["bootstrap"]["draws"] = 100
    return settings


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write ``params.yaml`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def snakemake(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    """Run Snakemake on the project's Snakefile with ``folder`` as the working directory."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--nocolor", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env={**os.environ, **(env or {})}
    )
    text = done.stdout + done.stderr
    return Outcome(done.returncode, text, jobs_of(text))


def jobs_of(text: str) -> dict[str, int]:
    """Count the jobs by rule that Snakemake says it finished, without the target rule."""
    rules = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", text, flags=re.MULTILINE)
    return dict(Counter(rule for rule in rules if rule != "all"))


def planned_jobs(folder: Path) -> dict[str, int]:
    """Count the jobs by rule that a dry run lists, without the target rule."""
    outcome = snakemake(folder, "--cores", "2", "-n", "--quiet", "rules")
    assert outcome.code == 0, outcome.text
    table = outcome.text.partition("Job stats:")[2].partition("total")[0]
    rules = re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rules if rule != "all"}


def prediction_bytes(folder: Path) -> dict[str, bytes]:
    """Return every prediction file of every run, by its path below ``results/runs``."""
    runs = folder / "results" / "runs"
    return {
        path.relative_to(runs).as_posix(): path.read_bytes()
        for path in sorted(runs.rglob("*.parquet"))
    }


def metrics_of(folder: Path) -> dict[str, Any]:
    """Return ``results/metrics.json``."""
    return json.loads((folder / "results" / "metrics.json").read_text())
