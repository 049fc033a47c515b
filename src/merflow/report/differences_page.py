"""Paired differences as a Markdown page: a part for each reading, and what the run can show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from merflow.report import power_page
from merflow.report.assembly import assembled
from merflow.report.clips import TRAIN
from merflow.report.differences import FUSION, JOINT, NOISE, STRATEGY
from merflow.report.differences_table import Difference
from merflow.report.holm import LEVEL
from merflow.report.markdown import p_value, paired_over, table, with_interval
from merflow.report.naming import Naming
from merflow.report.protocols import READINGS
from merflow.report.shown import CRITERION

TITLES = {
    FUSION: "Fusion - best unimodal system",
    JOINT: "JDEV - baseline",
    STRATEGY: "Strategy - strategy",
    NOISE: "Noise - clean",
}
TEXTS = {
    FUSION: "Each system and ensemble of several modalities, less the best system of one modality "
    "with the same decoder. For each metric the best is chosen by its out-of-fold score on train, "
    "in the same reading and after the same training; no test set has a say. On train the score "
    "that chose is the one compared, which favours the unimodal side.",
    JOINT: "Pairs of the same features and strategy, and ensembles of such. JDEV with the loss of "
    "eq. 9 meets the baseline with the sum, as in the paper's comparison: the difference is of "
    "decoder and loss. With another loss it meets the baseline of the same, if there is one.",
    STRATEGY: "Pairs of the same features, decoder and loss; the lower strategy is taken off.",
    NOISE: "Each system trained with noisy copies, less the same without them, on the same clips.",
}


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Difference]) -> str:
    """Return the differences as Markdown, those of the honest reading first.

    All metrics are shown, but where there is Com not Dim of another row than that of ``train``;
    the csv has it too.

    Args:
        spec: As :func:`merflow.report.assembly.assembled`.
        document: ``scores.json``.
        found: From :func:`merflow.report.differences_table.differences`.
    """
    parts = ["No two systems here are to be compared.\n"]
    if found:
        parts = [f"## How to read it\n\n{_how_to_read(Naming.of(spec), document, found)}"]
        parts += [_reading(spec, found, reading) for reading in READINGS]
        parts.append(power_page.section(spec, document, found))
    return assembled("Paired differences", spec, document, parts)


def _reading(spec: Mapping[str, Any], found: Sequence[Difference], reading: str) -> str:
    """Return the tables of one reading; what a comparison is of is said where it comes first."""
    parts = []
    for comparison, title in TITLES.items():
        every = [one for one in found if one.comparison == comparison]
        own = [one for one in every if one.reading == reading]
        if own:
            text = f"{TEXTS[comparison]}\n\n" if every[0].reading == reading else ""
            parts.append(f"### {title}\n\n{text}{_table(spec, own)}")
    return "\n".join([f"## {reading.capitalize()} reading\n", *parts]) if parts else ""


def _how_to_read(naming: Naming, document: Mapping[str, Any], found: Sequence[Difference]) -> str:
    draws = document["bootstrap"]["draws"]
    largest = max(Counter(one.family for one in found).values())
    few = (
        f"With {largest} tests in a family no p can stay below {LEVEL}: raise "
        "report.bootstrap.draws. "
    )
    same = ""
    if any(one.same for one in found):
        same = "The same: both say the same of every clip, as far as the metric tells. "
    return (
        "In brackets the paired 95 % bootstrap interval "
        f"{paired_over(document['seeds'])}. After it p of the paired permutation test: the share "
        f"of {draws} random exchanges of the two systems' predictions, clip by clip and in all "
        "trainings at once, whose difference is at least as far from 0; behind the stroke the same "
        "by Holm's correction. Its family are the cells of one table in one metric: one "
        "comparison, one "
        f"reading, all systems and rows. Bold: {CRITERION}. The test is of these "
        "trainings: what it finds on few seeds, others may undo, which the interval tells better. "
        f"{same}"
        f"Of {draws} exchanges p is at least 1/{draws + 1}. "
        f"{few if largest / (draws + 1) >= LEVEL else ''}"
        f"{naming.told()}{' Dim of the test sets is in differences.csv.' if naming.com else ''}\n"
    )


def _table(spec: Mapping[str, Any], found: Sequence[Difference]) -> str:
    rows = [(row["name"], row["split"]) for row in spec["rows"]]
    naming = Naming.of(spec)
    heads = [
        (name, metric)
        for name, split in rows
        for metric in naming.headings.values()
        if (split == TRAIN or metric != "Dim")
        and any((one.row, one.metric) == (name, metric) for one in found)
    ]
    by_place = {(one.system, one.against, one.row, one.metric): one for one in found}
    lines = []
    for system, rivals in _lines(found):
        own = [
            next((by_place[key] for r in rivals if (key := (system, r, *head)) in by_place), None)
            for head in heads
        ]
        cells = ("-" if one is None else _text(one, spec["decimals"]) for one in own)
        lines.append([system, " or ".join(rivals), *cells])
    return table(["System", "less", *(f"{row} {metric}" for row, metric in heads)], lines)


def _lines(found: Sequence[Difference]) -> list[tuple[str, list[str]]]:
    """Return the lines of a table: a system, and whom it is compared with.

    The best unimodal system differs by metric; these share a line.
    """
    pairs = list(dict.fromkeys((one.system, one.against) for one in found))
    if found[0].comparison != FUSION:
        return [(system, [against]) for system, against in pairs]
    return [
        (system, [against for own, against in pairs if own == system])
        for system in dict.fromkeys(system for system, _ in pairs)
    ]


def _text(one: Difference, decimals: int) -> str:
    if one.same:
        return "the same"
    text = with_interval(one.difference, (one.low, one.high), decimals, "+")
    text = f"**{text}**" if one.shown else text
    return f"{text} p {p_value(one.p)} / {p_value(one.p_holm)}"
