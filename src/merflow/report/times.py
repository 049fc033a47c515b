"""Wall and CPU time of each rule, from Snakemake's benchmark files."""

import csv
import re
from collections.abc import Collection
from pathlib import Path

DECIMALS = 1
DIGEST = re.compile(r"-([0-9a-f]{8})(?=\.|$)")


def rule_times(folder: Path, present: Collection[str]) -> dict[str, dict[str, float | int]]:
    """Return jobs, wall and CPU seconds of each rule, and of all under ``total``.

    Args:
        folder: Snakemake's benchmark files, ``<rule>.tsv`` or ``<rule>/<job>.tsv``. What a
            short job has no number for (``NA`` or ``-``) counts as 0.
        present: Digests of the present results; a job that is named by another one belongs to
            results kept from before and does not count.
    """
    found: dict[str, dict[str, float | int]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        if not set(DIGEST.findall(path.stem)) <= set(present):
            continue
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        with path.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                for name in (rule, "total"):
                    times = found.setdefault(name, {"jobs": 0, "wall_s": 0.0, "cpu_s": 0.0})
                    times["jobs"] += 1
                    times["wall_s"] += _number(row.get("s"))
                    times["cpu_s"] += _number(row.get("cpu_time"))
    for times in found.values():
        times |= {key: round(times[key], DECIMALS) for key in ("wall_s", "cpu_s")}
    return found


def _number(text: str | None) -> float:
    try:
        return max(float(text or 0), 0.0)
    except ValueError:
        return 0.0
