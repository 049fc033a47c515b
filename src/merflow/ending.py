"""What a run says last: where its results lie, or what went wrong."""

import csv
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from merflow import startup
from merflow.layout import Layout
from merflow.layout.data import RESULTS

LOGS = Path("results/logs")
RECORD = Path(RESULTS, "runs", "run.json")
"""What the whole run ends with."""
MOST = 5
"""Folders of results that are named."""


def where_to_look(layout: Layout, targets: Collection[str], spent: str) -> str:
    """Return where lies what a finished run was asked for, and how many clips it could not use.

    Nothing else is named: what an earlier run left would look as if made just now.

    Args:
        layout: Of the run.
        targets: Files that the run was asked for.
        spent: How long it took, from :func:`time_spent`.
    """
    found = {"Results": _results(layout, targets)}
    if str(RECORD) in targets:  # which is of all results
        places = {
            "Tables": f"{layout.tables}/table1.md",
            "Figures": f"{layout.figures}/figure4.png",
            "Metrics": "results/metrics.json",
        }
        private = f"{layout.private}/ (predictions of single clips, crops; never committed)"
        found = {name: [path] for name, path in places.items() if path in targets}
        found |= {"Private": [private]}
    lists = [Path(layout.corpus) / "quarantine.csv", Path(layout.faces) / "quarantine.csv"]
    looked_at = [path for path in lists if path.exists()]
    if looked_at:
        found["Quarantined"] = [_quarantined(looked_at)]
    found["Start-up"] = [spent]
    lines = [
        f"{'' if k else name + ':':13}{text}"
        for name, texts in found.items()
        for k, text in enumerate(texts)
    ]
    return "\n" + "\n".join(lines) + "\n"


def _results(layout: Layout, targets: Collection[str]) -> list[str]:
    """Return the folders that some targets lie in; a single one by its path."""
    if set(targets) == {f"{layout.noisy}/noisy.csv"}:
        return [f"{layout.noisy}/ (<split>/<clip>.mp4; noisy.csv lists them, with their noise)"]
    by_folder: dict[str, list[str]] = {}
    for path in sorted(targets):
        by_folder.setdefault(str(Path(path).parent), []).append(path)
    told = [
        f"{folder}/ ({len(paths)} files)" if len(paths) > 1 else paths[0]
        for folder, paths in by_folder.items()
    ]
    return told if len(told) <= MOST else [*told[:MOST], f"and {len(told) - MOST} more folders"]


def time_spent(started: float, planned: float, cores: int) -> str:
    """Return how long a run took until now, and which part of it went into starting up.

    Args:
        started: When Snakemake was started (seconds of the epoch).
        planned: When its first job could run.
        cores: How many jobs could run side by side.
    """
    told = startup.told_in(LOGS, started)
    return startup.share(time.time() - started, planned - started, told, cores)


def _quarantined(lists: Collection[Path]) -> str:
    """Return how many clips stand in each of the lists, for which reasons, with the list's path."""
    named = []
    for path in lists:
        with path.open(encoding="utf-8", newline="") as stream:
            counts = Counter(row["reason"] for row in csv.DictReader(stream))
        if counts:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
            named.append(f"{counts.total()} in {path} ({reasons})")
    return "; ".join(named) or "no clip"


def what_went_wrong(since: float, logs: Path = LOGS) -> str:
    """Return the distinct sentences of the commands that failed.

    Args:
        since: When the run started (seconds of the epoch); older logs are not looked at.
        logs: Folder of the rules' logs.
    """
    recent = [path for path in sorted(logs.rglob("*.log")) if path.stat().st_mtime >= since]
    lines = [line for path in recent for line in path.read_text(errors="replace").splitlines()]
    told = dict.fromkeys(line for line in lines if line.startswith("merflow: "))
    return "\n" + "\n".join(told) + "\n"
