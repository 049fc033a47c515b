"""What all Markdown pages share: title, note and warning on top, the reference predictors below."""

from collections.abc import Mapping, Sequence
from typing import Any

from merflow.report import references_table
from merflow.report.naming import Naming


def assembled(
    title: str, spec: Mapping[str, Any], document: Mapping[str, Any], parts: Sequence[str]
) -> str:
    """Return a whole page.

    Args:
        title: Without the corpus, which is added.
        spec: ``corpus``, ``rows``, ``decimals``, what
            :meth:`merflow.report.naming.Naming.of` takes and, if there is one, ``note``.
        document: ``scores.json``.
        parts: What stands between; each ends with a line end, empty ones are left out.
    """
    note = f"**Note: {spec['note']}.**\n" if spec.get("note") else ""
    warning = Naming.of(spec).warning()
    end = references_table.section(spec, document)
    top = [f"# {title} on corpus {spec['corpus']}\n", note, warning and f"**{warning}**\n"]
    every = [*top, *parts, end]
    return "\n".join(part for part in every if part)
