"""Looking for a finding among others."""

from collections.abc import Iterable

from merflow.corpus.finding import Finding


def find(findings: Iterable[Finding], level: str, *parts: str) -> Finding:
    """Return the one finding of a level that names all parts; it says what to do unless fine."""
    found = list(findings)
    fit = [
        one
        for one in found
        if one.level == level and all(part in f"{one.what} -> {one.todo}" for part in parts)
    ]
    assert len(fit) == 1, "\n".join(f"{one.level}: {one.what} -> {one.todo}" for one in found)
    assert (fit[0].level == "fine") or fit[0].todo
    assert "\n" not in fit[0].what + fit[0].todo
    return fit[0]


def levels(findings: Iterable[Finding]) -> set[str]:
    return {one.level for one in findings}
