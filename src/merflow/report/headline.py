"""``metrics.json``: the scores of Table 1's rows alone, so that ``dvc metrics diff`` is readable.

A cell's path is ``<corpus>.<reading>.<row>.<system>.<metric>``, e.g.
``mer2023.honest.MER-MULTI.fused-jdev.com``; ``scores.json`` holds the rest, other metrics too.
Metrics are called by their keys, see :mod:`merflow.report.naming`.
"""

from collections.abc import Mapping
from typing import Any

from merflow.report.naming import Naming
from merflow.report.nested import nest


def headline(spec: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of ``metrics.json``.

    Args:
        spec: ``corpus`` and ``rows``: for each its ``name``, ``split`` and ``augmentation``;
            and what :meth:`merflow.report.naming.Naming.of` takes.
        document: ``scores.json``.
    """
    shown = Naming.of(spec).headings
    found: dict[str, Any] = {spec["corpus"]: {}}
    for system, by_augmentation in document["systems"].items():
        for row in spec["rows"]:
            for reading, by_split in by_augmentation.get(row["augmentation"], {}).items():
                scores = by_split.get(row["split"], {})
                told = {metric: scores[metric] for metric in shown if metric in scores}
                if told:
                    nest(found, (spec["corpus"], reading, row["name"], system), told)
    return found
