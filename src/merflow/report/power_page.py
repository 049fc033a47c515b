"""What a run can show: the part of Table 1's page on clips and trainings."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from merflow.report.differences import JOINT
from merflow.report.gains import paper_gains
from merflow.report.markdown import table
from merflow.report.power import SIMULATED, factors, scaled, seeds_needed
from merflow.report.table1 import READINGS

if TYPE_CHECKING:  # It prints this part below its tables.
    from merflow.report.differences_table import Difference

HEADS = ("Comparison", "Row", "clips", "pairs", "detectable", "detectable at 411 clips")
SEED_HEADS = ("sd over seeds", "seeds for .01")
ROW, TEST_CLIPS = "MER-MULTI", 411
"""The paper's first test set and its number of clips."""


def section(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: "Sequence[Difference]"
) -> str:
    """Return what differences the clips and the trainings can show, as Markdown.

    Args:
        spec: ``rows`` and ``decimals``.
        document: ``scores.json``.
        found: All differences; those of one reading are told, which is enough.
    """
    reading = next(one for one in READINGS if any(own.reading == one for own in found))
    metric = "Com" if any(one.metric == "Com" for one in found) else "Dis"
    own = [one for one in found if (one.reading, one.metric) == (reading, metric)]
    parts = [
        f"### What this run can show, in {metric}\n",
        f"Of the {reading} reading. Detectable is the smallest difference that a two-sided 5 % "
        "test finds in 80 % of runs: 2.8 standard deviations of the differences after exchanges, "
        "from the pair with the smallest to that with the largest. Holm's correction asks for "
        "more. It falls with the root of the number of clips, by which it is scaled to 411, the "
        "size of the paper's first test set.\n",
        _table(spec, document, own),
    ]
    if metric == "Com" and any(one.comparison == JOINT for one in own):
        parts.append(_paper(own))
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
        clips = sorted({one.clips for one in own})
        told = str(clips[0]) if len(clips) == 1 else f"{clips[0]} to {clips[-1]}"
        line = [comparison, row, told, len(own), _range(here), _range(there)]
        if several:
            sd = median(one.seed_sd for one in own if one.seed_sd is not None)
            line += [f"{sd:.{spec['decimals']}f}", seeds_needed(sd, 0.01)]
        lines.append(line)
    return table([*HEADS, *(SEED_HEADS if several else ())], lines)


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3f}" if f"{low:.3f}" == f"{high:.3f}" else f"{low:.3f} to {high:.3f}"


def _paper(found: "Sequence[Difference]") -> str:
    """Say whether the paper's gains on its test of 411 clips could be told from chance."""
    gains = sorted(paper_gains(ROW).values())
    low, high = SIMULATED[TEST_CLIPS]
    train_low, train_high = SIMULATED[3373]
    text = (
        f"The paper's six JDEV gains on {ROW} are {gains[0]:+.4f} to {gains[-1]:+.4f}, on "
        f"{TEST_CLIPS} clips. In simulated pairs of systems, three trainings each, a difference "
        f"had to be {low:.3f} to {high:.3f} to be detectable on so many clips ({train_low:.3f} to "
        f"{train_high:.3f} on the 3,373 of its train; with one training, more): its gains lie "
        f"below what {TEST_CLIPS} clips can show."
    )
    every = [one for one in found if one.comparison == JOINT]
    own = [one for one in every if one.clips == TEST_CLIPS]
    least = [scaled(one.detectable, one.clips, TEST_CLIPS) for one in own or every]
    source = f"on {TEST_CLIPS} clips" if own else f"scaled to {TEST_CLIPS} clips"
    below = sum(gain < min(least) for gain in gains)
    return (
        f"{text} By this run's JDEV - baseline pairs, {source}, it has to be {_range(least)}: "
        f"{below} of the {len(gains)} gains lie below all of these.\n"
    )


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return (
            "How many trainings would show a difference is not known: there is one seed, which "
            "has no spread.\n"
        )
    low, high = factors(len(seeds))
    return (
        "The last columns are of the paired difference over trainings: the median pair's standard "
        "deviation, and how many trainings of both systems would show a difference of .01 with "
        f"80 % power on the clips as they are (at least 2). From {len(seeds)} trainings this is "
        f"{'hardly known' if len(seeds) < 6 else 'roughly known'}: by the chi-square distribution "
        f"the true standard deviation is {low:.2f} to {high:.2f} times the one told, and the "
        f"number of trainings {low**2:.2f} to {high**2:.1f} times. Each pair's, with its interval, "
        "is in differences.csv.\n"
    )
