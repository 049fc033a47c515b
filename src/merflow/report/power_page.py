"""What a run can show: the part of the differences' page on clips and trainings."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from merflow.report.differences import JOINT
from merflow.report.gains import paper_gains
from merflow.report.markdown import table
from merflow.report.naming import Naming
from merflow.report.power import AGREEMENT, GOAL, SIMULATED, factors, scaled, seeds_needed
from merflow.report.protocols import READINGS

if TYPE_CHECKING:  # It prints this part below its tables.
    from merflow.report.differences_table import Difference

HEADS = ("Comparison", "Row", "clips", "pairs", "detectable", "detectable at 411 clips")
SEED_HEADS = ("sd over seeds", f"seeds for {GOAL:g}")
TEST_CLIPS = 411
"""Of the paper's first test set."""
TESTS = {"MER-MULTI": TEST_CLIPS, "MER-NOISE": 412}
"""The paper's test sets and their numbers of clips."""
INDEPENDENT = (
    "Clips are taken as independent; those of one speaker or session are not, so that intervals "
    "are narrower and p smaller than they should be."
)


class Pair(Protocol):
    """What is asked of a comparison of JDEV with its baseline in Com."""

    @property
    def row(self) -> str:
        """Row of Table 1."""

    @property
    def clips(self) -> int:
        """How many clips both predict."""

    @property
    def detectable(self) -> float:
        """Smallest difference that so many clips show, before Holm's correction."""


def section(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: "Sequence[Difference]"
) -> str:
    """Return what differences the clips and the trainings can show, as Markdown.

    Args:
        spec: ``rows``, ``decimals`` and what :meth:`merflow.report.naming.Naming.of` takes.
        document: ``scores.json``.
        found: All differences; those of one reading are told, which is enough.
    """
    reading = next(one for one in READINGS if any(own.reading == one for own in found))
    metric = Naming.of(spec).main
    own = [one for one in found if (one.reading, one.metric) == (reading, metric)]
    parts = [
        f"## What this run can show, in {metric}\n",
        f"Of the {reading} reading. Detectable is the smallest difference that a two-sided 5 % "
        "test finds in 80 % of runs: 2.8 standard deviations of the differences after exchanges, "
        "from the pair with the smallest to that with the largest. Holm's correction asks for "
        "more. It falls with the root of the number of clips, by which it is scaled to 411, the "
        f"size of the paper's first test set. {INDEPENDENT}\n",
        _table(spec, document, own),
    ]
    pairs = [one for one in own if one.comparison == JOINT]
    if metric == "Com" and pairs:
        parts.append(f"{paper_gains_beside(pairs, spec['corpus'])}\n")
    return "\n".join([*parts, _seeds(document["seeds"])])


def _table(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: "Sequence[Difference]"
) -> str:
    several = len(document["seeds"]) > 1
    lines = []
    for comparison, row in dict.fromkeys((one.comparison, one.row) for one in found):
        own = [one for one in found if (one.comparison, one.row) == (comparison, row)]
        here = [one.detectable for one in own]
        there = [scaled(one.detectable, one.clips, TEST_CLIPS) for one in own]
        clips = _counts(sorted({one.clips for one in own}))
        line = [comparison, row, clips, len(own), _range(here), _range(there)]
        if several:
            sd = median(one.seed_sd for one in own if one.seed_sd is not None)
            line += [f"{sd:.{spec['decimals']}f}", seeds_needed(sd)]
        lines.append(line)
    return table([*HEADS, *(SEED_HEADS if several else ())], lines)


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3f}" if f"{low:.3f}" == f"{high:.3f}" else f"{low:.3f} to {high:.3f}"


def paper_gains_beside(pairs: Sequence[Pair], corpus: str) -> str:
    """Say whether the paper's gains on its two tests could be told from chance.

    Args:
        pairs: JDEV and its baseline in Com, in one reading; each row's gains meet its own pairs.
        corpus: Name of the corpus that these were scored on.
    """
    low, high = SIMULATED[TEST_CLIPS]
    train_low, train_high = SIMULATED[3373]
    most, least = (round(100 * share) for share in AGREEMENT)
    gains = {row: sorted(paper_gains(row).values()) for row in TESTS}
    told = (
        f"{values[0]:+.4f} to {values[-1]:+.4f} on the {TESTS[row]} clips of {row}"
        for row, values in gains.items()
    )
    own = [_beside(row, [one for one in pairs if one.row == row], corpus) for row in TESTS]
    return " ".join(
        [
            f"The paper's six JDEV gains are {' and '.join(told)}. In simulated pairs of systems "
            f"of equal strength, three trainings each, a difference had to be {low:g} to be "
            f"detectable on {TEST_CLIPS} clips where the two gave {most} of 100 clips the same "
            f"emotion, and {high:g} where they gave it {least} ({train_low:g} and "
            f"{train_high:g} on the 3,373 of its train); with one training or less agreement, "
            f"more. At such agreement the gains lie below what {TEST_CLIPS} clips can show.",
            *filter(None, own),
        ]
    )


def _beside(row: str, own: Sequence[Pair], corpus: str) -> str:
    """Say how many of the paper's gains in a row lie below what the pairs of this row can show."""
    if not own:
        return ""
    clips, gains = TESTS[row], paper_gains(row).values()
    here = sorted({one.clips for one in own})
    least = [scaled(one.detectable, one.clips, clips) for one in own]
    scaling = "" if here == [clips] else f", scaled from {_counts(here)} to {clips} clips"
    below = sum(gain < min(least) for gain in gains)
    return (
        f"By the JDEV - baseline pairs of this run in {row}, on corpus {corpus}{scaling}, it has "
        f"to be {_range(least)}: {below} of the {len(gains)} gains lie below all of these."
    )


def _counts(clips: Sequence[int]) -> str:
    return str(clips[0]) if len(clips) == 1 else f"{clips[0]} to {clips[-1]}"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return (
            "How many trainings would show a difference is not known: there is one seed, which "
            "has no spread.\n"
        )
    low, high = factors(len(seeds))
    known = "hardly known" if len(seeds) < 6 else "roughly known"
    return (
        "The last columns are of the paired difference over trainings: the median pair's standard "
        "deviation, and how many trainings of both systems would show a difference of "
        f"{GOAL:g} with 80 % power, by Student's t, on the clips as they are (at least 2). From "
        f"{len(seeds)} trainings this is {known}: by the chi-square distribution the true standard "
        f"deviation is {low:.2f} to {high:.2f} times the one told, and the number of trainings "
        f"about {low**2:.2f} to {high**2:.1f} times. Each pair's is in differences.csv.\n"
    )
