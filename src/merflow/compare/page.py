"""A comparison as text: a table, and a verdict on each split in words."""

from merflow.compare.comparison import Comparison, Line
from merflow.compare.sources import Source
from merflow.report.holm import LEVEL
from merflow.report.markdown import p_value, paired_over, table, with_interval
from merflow.report.paper import SHORT
from merflow.report.power import seeds_needed, spread

WORDS = {"weighted_f1": "weighted F1", "mse": "MSE", "com": "Com"}
FEW = 10
"""Below so many seeds a standard deviation is off by half and more."""
HEADS = ("Split", "clips", "A", "B", "A - B", "p", "Holm", "detectable")


def page(
    found: Comparison, sources: tuple[Source, Source], reading: str, decimals: int, draws: int
) -> str:
    """Return the comparison as text.

    Args:
        found: From :func:`merflow.compare.comparison.compare`.
        sources: A and B.
        reading: What was asked for.
        decimals: Of the scores.
        draws: Of bootstrap and permutation.
    """
    parts = [
        *(
            f"{side}: {source.text} ({source.path})"
            for side, source in zip("AB", sources, strict=True)
        ),
        f"In {WORDS[found.metric]}{' (lower is better)' if found.metric == 'mse' else ''}, "
        f"{reading} reading, seeds {', '.join(map(str, found.seeds))}.\n",
        _table(found, decimals),
        *(f"- {verdict(line, found.metric, decimals)}" for line in found.lines),
        *(f"- {note}" for note in found.notes),
        f"\nIn brackets the paired 95 % bootstrap interval {paired_over(found.seeds)}. p: paired "
        f"permutation test of {draws} exchanges, clip by clip; Holm: corrected over the splits; "
        "detectable: what so many clips show with 80 % power. The test is of these trainings: what "
        "it finds on few seeds, others may undo.",
        *_seeds(found, decimals),
    ]
    return "\n".join(parts)


def _table(found: Comparison, decimals: int) -> str:
    lines = []
    for line in found.lines:
        one = line.paired
        gap = with_interval(one.difference, (one.low, one.high), decimals, "+")
        scores = (f"{value:.{decimals}f}" for value in (one.first, one.second))
        tests = (p_value(one.p), p_value(line.p_holm), f"{one.detectable:.3f}")
        lines.append([line.split, one.clips, *scores, gap, *tests])
    return table(HEADS, lines)


def verdict(line: Line, metric: str, decimals: int) -> str:
    """Return what the comparison shows on one split, in a sentence."""
    one, name = line.paired, SHORT[metric] if metric == "com" else WORDS[metric]
    size = f"{abs(one.difference):.{decimals}f} {name}"
    tested = f"p {p_value(one.p)}, by Holm {p_value(line.p_holm)}"
    if one.detectable == 0 and one.difference == 0:
        return f"On {line.split} A and B say the same of every clip, as far as {name} tells."
    if line.p_holm < LEVEL:
        better = "A" if (one.difference > 0) != (metric == "mse") else "B"
        low, high = (f"{bound:+.{decimals}f}" for bound in (one.low, one.high))
        return (
            f"{better} is better by {size} on {line.split} (95 % interval of A - B {low} to "
            f"{high}, {tested})."
        )
    if one.p >= LEVEL and abs(one.difference) < one.detectable:
        return (
            f"On {line.split} no difference is shown ({size}, {tested}): {one.clips} clips cannot "
            f"tell one below {one.detectable:.3f}."
        )
    return f"On {line.split} the difference of {size} is not clear ({tested})."


def _seeds(found: Comparison, decimals: int) -> list[str]:
    """Say how far the trainings' differences lie apart, and how many would show the observed."""
    told = []
    for line in found.lines:
        one = line.paired
        if one.seed_sd is None:
            continue
        sd, needed = (
            spread(one.seed_sd, len(found.seeds)),
            seeds_needed(one.seed_sd, one.difference),
        )
        ends = " to ".join(f"{value:.{decimals}f}" for value in (sd.low, sd.high))
        text = f"{line.split} {sd.sd:.{decimals}f} (95 % {ends})"
        told.append(text if needed is None else f"{text}, {needed} seeds for the observed")
    if not told:
        return []
    weak = " So few seeds say little of it." if len(found.seeds) < FEW else ""
    return [
        f"Standard deviation of A - B over {len(found.seeds)} seeds, and how many show the "
        f"observed difference on these clips: {'; '.join(told)}.{weak}"
    ]
