"""Running the graph in a folder of its own and counting the jobs that really ran."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
KEPT_OR_NOT = re.compile(r"\b(\d+) to do\b|, seed \d+: (\d+ epochs); kept")


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and the rules whose jobs Snakemake ran in it, with their number."""

    code: int
    text: str
    jobs: dict[str, int]


def small_settings() -> dict[str, Any]:
    """Return the preset ``small``: few clips, narrow networks, short trainings."""
    return yaml.safe_load((ROOT / "presets" / "small.yaml").read_text(encoding="utf-8"))


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write ``params.yaml`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def run(folder: Path, *command: str, env: dict[str, str] | None = None) -> Outcome:
    """Run a command in a folder; the jobs that it says it finished are counted."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, **(env or {})},
    )
    text = done.stdout + done.stderr
    return Outcome(done.returncode, text, jobs_of(text))


def snakemake(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    """Run Snakemake on this project's Snakefile with ``folder`` as the working directory."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile")]
    return run(ROOT, *command, "--directory", str(folder), "--nocolor", *arguments, env=env)


def plans(
    folder: Path,
    settings: Sequence[dict[str, Any]] = (),
    files: Sequence[str] = (),
    options: Sequence[str] = (),
    env: dict[str, str] | None = None,
) -> list[dict[str, int]]:
    """Return the jobs that would run in a folder: with other settings, with one file edited."""
    with tempfile.TemporaryDirectory() as scratch:
        cases = [{"config": None, "edited": file} for file in files]
        for number, config in enumerate(settings):
            path = Path(scratch) / f"{number}.yaml"
            path.write_text(yaml.safe_dump(config, sort_keys=False))
            cases.append({"config": str(path), "edited": None})
        asked, said = Path(scratch) / "cases.json", Path(scratch) / "plans.json"
        asked.write_text(json.dumps(cases))
        planner = str(Path(__file__).with_name("planner.py"))
        done = run(folder, sys.executable, planner, str(asked), str(said), *options, env=env)
        assert done.code == 0, done.text[-6000:]
        return [planned_in(text) for text in json.loads(said.read_text())]


def jobs_of(text: str) -> dict[str, int]:
    """Count the jobs by rule that Snakemake says it finished, without the target rule."""
    rules = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", text, flags=re.MULTILINE)
    return dict(Counter(rule for rule in rules if rule != "all"))


def planned_in(text: str) -> dict[str, int]:
    """Count the jobs by rule that a dry run lists, without the target rule."""
    if "Nothing to be done" in text:
        return {}
    table = text.partition("Job stats:")[2].partition("total")[0]
    rules = re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)
    assert rules, text
    return {rule: int(count) for rule, count in rules if rule != "all"}


def computed(folder: Path) -> dict[str, int]:
    """Count by rule what the logs say was computed and not kept: clips, features, seeds.

    Remove ``results/logs`` before the run to be looked at.
    """
    logs, counts = folder / "results" / "logs", Counter()
    for log in logs.rglob("*.log"):
        found = KEPT_OR_NOT.findall(log.read_text(errors="replace"))
        counts[log.relative_to(logs).parts[0]] += sum(int(to_do or 1) for to_do, _ in found)
    return {rule: count for rule, count in counts.items() if count}


def forget_logs(folder: Path) -> None:
    """Remove the logs, so that :func:`computed` speaks of the next run alone."""
    shutil.rmtree(folder / "results" / "logs", ignore_errors=True)


def prediction_bytes(folder: Path) -> dict[str, bytes]:
    """Return every prediction file of every run, by its path below ``results/runs``."""
    runs = folder / "results" / "runs"
    return {
        path.relative_to(runs).as_posix(): path.read_bytes()
        for path in sorted(runs.glob("*/*.parquet"))
    }


def metrics_of(folder: Path) -> dict[str, Any]:
    """Return ``results/metrics.json``."""
    return json.loads((folder / "results" / "metrics.json").read_text())
