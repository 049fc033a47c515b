"""A comparison as text: a table, and a verdict on each split in words."""

from merflow.compare.comparison import Comparison, Line
from merflow.compare.sources import Source
from merflow.report.holm import LEVEL
from merflow.report.markdown import p_value, paired_over, table, with_interval
from merflow.report.power import GOAL, factors, seeds_needed
from merflow.report.shown import CRITERION

HEADS = ("Split", "clips", "A", "B", "A - B", "p", "Holm", "detectable")


def page(found: Comparison, sources: tuple[Source, Source], decimals: int, draws: int) -> str:
    """Return the comparison as text.

    Args:
        found: From :func:`merflow.compare.comparison.compare`.
        sources: A and B.
        decimals: Of the scores.
        draws: Of bootstrap and permutation.
    """
    reading, notes = readings(sources)
    parts = [
        *(
            f"{side}: {source.text} ({source.path})"
            for side, source in zip("AB", sources, strict=True)
        ),
        f"In {found.name}{' (lower is better)' if found.less_is_better else ''}, "
        f"{reading}, seeds {', '.join(map(str, found.seeds))}.\n",
        _table(found, decimals),
        *(f"- {verdict(line, found.name, found.less_is_better, decimals)}" for line in found.lines),
        *(f"- {note}" for note in (*notes, *found.notes)),
        f"\nIn brackets the paired 95 % bootstrap interval {paired_over(found.seeds)}. p: paired "
        f"permutation test of {draws} exchanges, clip by clip; Holm: corrected over the splits; "
        "detectable: what so many clips show with 80 % power, before Holm. One is called better "
        f"where {CRITERION}: the test is of these trainings, the interval of others too, if there "
        "are several.",
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


def verdict(line: Line, name: str, less_is_better: bool, decimals: int) -> str:
    """Return what the comparison shows on one split, in a sentence.

    Args:
        line: The comparison there.
        name: Of the metric.
        less_is_better: Whether a lower score is the better one.
        decimals: Of the scores.
    """
    one = line.paired
    size = f"{abs(one.difference):.{decimals}f} {name}"
    tested = f"p {p_value(one.p)}, by Holm {p_value(line.p_holm)}"
    if one.same():
        return f"On {line.split} A and B say the same of every clip, as far as {name} tells."
    if one.same(decimals):
        return (
            f"On {line.split} A and B say the same of every clip, as far as {decimals} decimals of "
            f"{name} tell."
        )
    low, high = (f"{bound:+.{decimals}f}" for bound in (one.low, one.high))
    bounds = f"95 % interval of A - B {low} to {high}"
    if line.shown:
        better = "A" if (one.difference > 0) != less_is_better else "B"
        return f"{better} is better by {size} on {line.split} ({bounds}, {tested})."
    if line.p_holm < LEVEL:
        return (
            f"On {line.split} these trainings differ by {size}, others may not ({bounds}, "
            f"{tested})."
        )
    if one.p < LEVEL:
        return f"On {line.split} the difference of {size} is not clear ({tested})."
    return (
        f"On {line.split} no difference is shown ({size}, {tested}): {one.clips} clips show "
        f"{one.detectable:.3f} and more."
    )


def readings(sources: tuple[Source, Source]) -> tuple[str, list[str]]:
    """Return the reading of a comparison in words, and a note where the two sides' may differ."""
    own = [source.reading for source in sources]
    if own[0] == own[1]:
        return ("as the files have it" if own[0] is None else f"{own[0]} reading"), []
    told = (
        f"{side} as the file has it" if one is None else f"{side} {one} reading"
        for side, one in zip("AB", own, strict=True)
    )
    words = ", ".join(told)
    if None in own:
        return words, [
            "Of a file taken as it is the reading is not known: compared with another one, a "
            "difference on train is partly that of how epochs were chosen."
        ]
    return words, [
        "The two readings differ: the organiser's chooses epochs on the clips that it is scored "
        "on, so that on train the difference is partly its bias."
    ]


def _seeds(found: Comparison, decimals: int) -> list[str]:
    """Say how far the trainings' differences lie apart, and how many would show :data:`GOAL`."""
    told = [
        f"{line.split} {line.paired.seed_sd:.{decimals}f}, {seeds_needed(line.paired.seed_sd)}"
        for line in found.lines
        if line.paired.seed_sd is not None and not line.paired.same(decimals)
    ]
    if not told:
        return []
    low, high = factors(len(found.seeds))
    return [
        f"Standard deviation of A - B over {len(found.seeds)} seeds, and how many seeds show a "
        f"difference of {GOAL} on these clips: {'; '.join(told)}. The true standard deviation is "
        f"{low:.2f} to {high:.2f} times the one told (95 %, by the chi-square distribution)."
    ]
