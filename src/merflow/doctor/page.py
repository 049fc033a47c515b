"""What the doctor prints."""

import textwrap
from collections.abc import Sequence

from merflow.corpus.finding import Finding
from merflow.errors import shown

WIDTH = 100
LEAD = 11  # columns before the text of a finding


def section_text(title: str, findings: Sequence[Finding]) -> str:
    """Return a section: its title, and each finding with what to do on a line of its own.

    Names that are no UTF-8 are told by :func:`merflow.errors.shown`.
    """
    return shown("\n".join([title, *(line for finding in findings for line in _lines(finding))]))


def summary(findings: Sequence[Finding]) -> str:
    """Return the last line, ``1 error, 2 warnings``."""
    levels = [finding.level for finding in findings]
    errors, warnings = levels.count("error"), levels.count("warning")
    return f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _lines(finding: Finding) -> list[str]:
    lines = _wrapped(f"  {finding.level:<{LEAD - 2}}", finding.what)
    return lines + (_wrapped(" " * LEAD + "-> ", finding.todo) if finding.todo else [])


def _wrapped(lead: str, text: str) -> list[str]:
    """Return lines of at most ``WIDTH`` columns; longer words (paths) stay whole."""
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
