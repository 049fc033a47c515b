"""Words and numbers in findings."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Return names as ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def duration(seconds: float) -> str:
    """Return seconds as ``4.2 h``, ``12 min``, ``30 s`` or ``0.3 s``, about two digits of them."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 0.995 * size:
            value = seconds / size
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
