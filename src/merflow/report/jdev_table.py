"""The eighteen paired JDEV comparisons as the paper counts them, redone with tests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

import pandas as pd

from merflow.report.assembly import assembled
from merflow.report.differences import JOINT
from merflow.report.gains import ROWS, STEMS, paper_gains
from merflow.report.holm import LEVEL, holm_by
from merflow.report.markdown import listed, p_value, paired_over, table, with_interval
from merflow.report.naming import Naming
from merflow.report.paper import figure, paper_name
from merflow.report.power_page import INDEPENDENT, paper_gains_beside
from merflow.report.protocols import READINGS
from merflow.report.shown import CRITERION, shown
from merflow.report.table1 import systems

HEADS = ("System", "Row", "ours", "paper", "p", "Holm", "detectable", "verdict")
HIGHER, LOWER = "higher", "lower"


@dataclass(frozen=True)
class Comparison:
    """JDEV less baseline, of one system in one row; with the verdict a row of ``jdev.csv``.

    Attributes:
        reading: ``honest`` or ``organiser``.
        stem: What the paper's systems are called here but for the decoder, e.g. ``all_s1``.
        system: Our system with the JDEV decoder,
        against: and its baseline.
        row: Row of Table 1.
        metric: ``Com``; where the corpus has none, a heading of
            :class:`merflow.report.naming.Naming`.
        better: Whether a ``higher`` or a ``lower`` score is the better one.
        difference: Score of the one less that of the other, on the clips that both predict.
        low: Lower end of its paired 95 % interval.
        high: Upper end.
        paper: The paper's difference, from its printed numbers, the misprint corrected; None where
            Com, by which it compares, is not defined.
        clips: How many clips both predict.
        p: Of the paired permutation test, two-sided.
        p_holm: Corrected over the comparisons of this reading and metric; the paper has 18.
        detectable: The smallest difference that so many clips show with 80 % power, before the
            correction.
    """

    reading: str
    stem: str
    system: str
    against: str
    row: str
    metric: str
    better: str
    difference: float
    low: float
    high: float
    paper: float | None
    clips: int
    p: float
    p_holm: float
    detectable: float

    @property
    def shown(self) -> bool:
        """Whether the difference is shown, see :func:`merflow.report.shown.shown`."""
        return shown(self.p_holm, self.low, self.high)

    @property
    def ahead(self) -> bool:
        """Whether JDEV has the better score."""
        return self.difference > 0 if self.better == HIGHER else self.difference < 0

    @property
    def tested(self) -> bool:
        """Whether the test finds these trainings different, after the correction."""
        return self.p_holm < LEVEL

    @property
    def verdict(self) -> str:
        """What the comparison shows, in words."""
        if self.shown:
            return "JDEV is better" if self.ahead else "the baseline is better"
        if self.tested:
            return "these trainings differ, others may not"
        if self.p < LEVEL:
            return "not clear among so many comparisons"
        return f"not shown: {self.clips} clips show {self.detectable:.3f} and more"


def comparisons(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Comparison]:
    """Return the comparisons of systems that are the paper's by definition.

    Args:
        spec: ``rows``, ``systems`` and ``definitions``, as of
            :func:`merflow.report.table1.cells`. With Com rows that the paper has not are left out.
        document: ``scores.json``.
    """
    naming, pairs = Naming.of(spec), _pairs(spec, document)
    metrics = ["com"] if naming.com else list(naming.headings)
    rows = [row for row in spec["rows"] if not naming.com or row["name"] in ROWS]
    found: list[Comparison] = []
    for metric, reading, (stem, pair) in product(metrics, READINGS, pairs.items()):
        for row in rows:
            own = document["differences"][JOINT][pair[0]].get(row["augmentation"], {})
            gap = own.get(reading, {}).get(row["split"], {}).get(pair[1], {})
            if metric in gap:
                found.append(_comparison(reading, stem, pair, row["name"], gap, metric, naming))
    families = [(one.reading, one.metric) for one in found]
    corrected = holm_by([one.p for one in found], families)
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def _pairs(spec: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return our JDEV system and its baseline by the paper's, in the paper's order."""
    names = systems(spec, document)
    found: dict[str, tuple[str, str]] = {}
    for system in (name for name in names if name in document["differences"][JOINT]):
        known = paper_name(system, spec["definitions"])
        rivals = {
            against
            for by_reading in document["differences"][JOINT][system].values()
            for by_split in by_reading.values()
            for gaps in by_split.values()
            for against in gaps
        }
        for against in sorted(rivals & set(names)):
            base = paper_name(against, spec["definitions"])
            for stem in STEMS:
                if (known, base) == (f"{stem}-jdev", f"{stem}-baseline"):
                    found.setdefault(stem, (system, against))
    return {stem: found[stem] for stem in STEMS if stem in found}


def _comparison(
    reading: str,
    stem: str,
    pair: tuple[str, str],
    row: str,
    gap: Mapping[str, Any],
    metric: str,
    naming: Naming,
) -> Comparison:
    """Return one comparison; ``p_holm`` is that of a family of one."""
    low, high = gap["interval"][metric]
    p = gap["p"][metric]
    return Comparison(
        reading=reading,
        stem=stem,
        system=pair[0],
        against=pair[1],
        row=row,
        metric=naming.headings[metric],
        better=LOWER if naming.less_is_better(metric) else HIGHER,
        difference=gap[metric],
        low=low,
        high=high,
        paper=round(paper_gains(row)[stem], 4) if naming.com else None,
        clips=gap["clips"],
        p=p,
        p_holm=p,
        detectable=gap["detectable"][metric],
    )


def as_frame(found: Sequence[Comparison]) -> pd.DataFrame:
    """Return the comparisons as a tidy table, one row each."""
    names = [*(field.name for field in fields(Comparison)), "verdict"]
    rows = [{**asdict(one), "verdict": one.verdict} for one in found]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(p_holm=frame["p_holm"].astype(float).round(6))


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Comparison]) -> str:
    """Return the comparisons as a Markdown page.

    Args:
        spec: As :func:`comparisons`, and ``corpus``, ``decimals``, ``note``.
        document: ``scores.json``.
        found: From :func:`comparisons`.
    """
    naming = Naming.of(spec)
    told = "Com, as the paper counts," if naming.com else listed(naming.headings.values())
    title = f"JDEV - baseline in {told}"
    if not found:
        none = [f"No pair of the paper's systems was scored{' with Com' if naming.com else ''}.\n"]
        return assembled(title, spec, document, none)
    parts = [_how_to_read(naming, document)]
    if naming.com:
        first = [one for one in found if one.reading == found[0].reading]
        parts.append(f"{paper_gains_beside(first, spec['corpus'])}\n")
    for reading, metric in product(READINGS, dict.fromkeys(one.metric for one in found)):
        own = [one for one in found if (one.reading, one.metric) == (reading, metric)]
        if own:
            of = "" if naming.com else f", {naming.with_arrow(metric)}"
            parts.append(f"## {reading.capitalize()} reading{of}\n\n{_count(own)}")
            parts.append(_table(own, spec["decimals"]))
    return assembled(title, spec, document, parts)


def _how_to_read(naming: Naming, document: Mapping[str, Any]) -> str:
    draws = document["bootstrap"]["draws"]
    fixed = figure("fused-baseline", "Train&Val", "Com")
    misprint = "" if fixed is None else f" (fused-baseline as {fixed.value}, not {fixed.printed})"
    paper = f"paper is the difference of the paper's numbers{misprint}, on MER 2023; "
    same = (
        "These are the same comparisons."
        if naming.com
        else "These are the same pairs, without the paper's differences beside them: they are in "
        "Com, on MER 2023."
    )
    return (
        "The paper compares six systems in three columns, without intervals or tests, and JDEV is "
        f"ahead in 18 of 18. {same} Ours has in brackets the "
        f"paired 95 % bootstrap interval {paired_over(document['seeds'])}; "
        f"{paper if naming.com else ''}p is of the paired permutation test with "
        f"{draws} exchanges, Holm the same corrected over the comparisons of this reading"
        f"{'' if naming.com else ' and metric'}; "
        "detectable is what so many clips show with 80 % power, before Holm's correction, which "
        "asks for more. The page of differences corrects the same p over a family of its own, all "
        "its JDEV - baseline cells in one metric, so that its Holm may differ. One is called "
        f"better where {CRITERION}: the test is of these trainings, the interval "
        f"{_of(document['seeds'])}. {naming.told()} {INDEPENDENT}\n"
    )


def _of(seeds: Sequence[int]) -> str:
    return "of others too" if len(seeds) > 1 else "too, as there is one seed; others may differ"


def _count(found: Sequence[Comparison]) -> str:
    """Say how many comparisons point which way, and how many are shown."""
    ahead = sum(one.ahead for one in found)
    clear = [one for one in found if one.shown]
    better = sum(one.ahead for one in clear)
    only = sum(one.tested and not one.shown for one in found)
    gains = [one.paper for one in found if one.paper is not None]
    paper = f" (paper: {sum(gain > 0 for gain in gains)})" if gains else ""
    return (
        f"JDEV is ahead in {ahead} of {len(found)}{paper}. JDEV is better in {better} of "
        f"{len(found)} and the baseline in {len(clear) - better}; in {only} these trainings differ "
        f"and others may not; in {len(found) - len(clear) - only} no difference is shown. The "
        "comparisons share clips, and the ensembles their members, so the count itself is no "
        "test.\n"
    )


def _table(found: Sequence[Comparison], decimals: int) -> str:
    lines = [
        [
            one.stem,
            one.row,
            with_interval(one.difference, (one.low, one.high), decimals, "+"),
            *([] if one.paper is None else [f"{one.paper:+.4f}"]),
            p_value(one.p),
            p_value(one.p_holm),
            f"{one.detectable:.3f}",
            one.verdict,
        ]
        for one in found
    ]
    heads = [head for head in HEADS if head != "paper" or found[0].paper is not None]
    return table(heads, lines)
