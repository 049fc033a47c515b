"""The eighteen JDEV gains that the paper counts: six systems in three columns of its Table 1."""

from merflow.report.paper import CELLS, PRINTED, figure

STEMS = tuple(dict.fromkeys(name.rsplit("-", 1)[0] for name in PRINTED))
ROWS = tuple(row for row, metric in CELLS if metric == "Com")


def paper_gains(row: str) -> dict[str, float]:
    """Return Com of JDEV less Com of the baseline by system, e.g. ``all_s1``.

    Where the paper misprints a Com, that of its own Dis and Dim is taken.
    Source: arXiv 2309.07925, Table 1; arithmetic.

    Args:
        row: One of :data:`ROWS`.
    """
    found = {}
    for stem in STEMS:
        joint, base = (figure(f"{stem}-{name}", row, "Com") for name in ("jdev", "baseline"))
        if joint is not None and base is not None:
            found[stem] = float(joint.value - base.value)
    return found
