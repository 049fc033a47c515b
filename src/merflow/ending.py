"""What a run says last: where its results lie, or what went wrong."""

import time
from pathlib import Path

from merflow import startup
from merflow.layout import Layout

LOGS = Path("results/logs")


def where_to_look(layout: Layout, started: float, planned: float, cores: int) -> str:
    """Return where the results of a finished run lie, and how many clips it could not use.

    Args:
        layout: Of the run.
        started: When Snakemake was started (seconds of the epoch).
        planned: When its first job could run.
        cores: How many jobs could run side by side.
    """
    told = startup.told_in(LOGS, started)
    spent = startup.share(time.time() - started, planned - started, told, cores)
    found = {
        "Tables": f"{layout.tables}/table1.md",
        "Figures": f"{layout.figures}/figure4.png",
        "Metrics": "results/metrics.json",
    }
    lines = [f"{name + ':':13}{path}" for name, path in found.items() if Path(path).exists()]
    lines += [
        f"Private:     {layout.private}/ (predictions of single clips, crops; never committed)",
        f"Quarantined: {_quarantined(layout)}",
        f"Start-up:    {spent}",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _quarantined(layout: Layout) -> str:
    """Return how many clips stand in each of the two lists, with the list's path."""
    lists = [Path(layout.corpus) / "quarantine.csv", Path(layout.faces) / "quarantine.csv"]
    counts = {
        path: len(path.read_text(encoding="utf-8").splitlines()) - 1
        for path in lists
        if path.exists()
    }
    named = [f"{count} in {path}" for path, count in counts.items() if count > 0]
    return ", ".join(named) or "no clip"


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
