"""What all Markdown pages share: title and note on top, the reference predictors at the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from merflow.report import references_table


def assembled(
    title: str, spec: Mapping[str, Any], document: Mapping[str, Any], parts: Sequence[str]
) -> str:
    """Return a whole page.

    Args:
        title: Without the corpus, which is added.
        spec: ``corpus``, ``rows``, ``decimals`` and, if there is one, ``note``.
        document: ``scores.json``.
        parts: What stands between; each ends with a line end, empty ones are left out.
    """
    note = f"**Note: {spec['note']}.**\n" if spec.get("note") else ""
    end = references_table.section(spec, document)
    every = [f"# {title} on corpus {spec['corpus']}\n", note, *parts, end]
    return "\n".join(part for part in every if part)
