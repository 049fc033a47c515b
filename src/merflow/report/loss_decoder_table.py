"""The 2 x 2 of losses and decoders as a csv and as a Markdown page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from merflow.report.assembly import assembled
from merflow.report.loss_decoder import CELLS, EFFECTS, Entry
from merflow.report.markdown import p_value, paired_over, table, with_interval
from merflow.report.naming import Naming
from merflow.report.power_page import INDEPENDENT
from merflow.report.protocols import READINGS
from merflow.report.shown import CRITERION

LOSS_TEXT = {"sum": "sum", "paper": "eq. 9"}
DECODER_TEXT = {"baseline": "baseline", "jdev": "JDEV"}
EFFECT_TEXT = {
    "decoder at sum": "JDEV - baseline decoder, both with the sum",
    "decoder at paper": "JDEV - baseline decoder, both with eq. 9",
    "loss at baseline": "eq. 9 - sum, both with the baseline decoder",
    "loss at jdev": "eq. 9 - sum, both with JDEV",
}


def as_frame(found: Sequence[Entry]) -> pd.DataFrame:
    """Return the entries as a tidy table, one row each."""
    names = [field.name for field in fields(Entry)]
    frame = pd.DataFrame([asdict(one) for one in found], columns=names)
    return frame.assign(p_holm=frame["p_holm"].astype(float).round(6))


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Entry]) -> str:
    """Return the Markdown page.

    Args:
        spec: As :func:`merflow.report.assembly.assembled`.
        document: ``scores.json``.
        found: From :func:`merflow.report.loss_decoder.entries`.
    """
    parts = [] if found else ["No four systems were scored on one row of Table 1.\n"]
    for made in dict.fromkeys((one.features, one.strategy) for one in found):
        own = [one for one in found if (one.features, one.strategy) == made]
        names = {one.entry: one.system for one in own if not one.against}
        parts.append(f"## {made[0].replace('+', ' + ')}, strategy {made[1]}\n")
        for reading in READINGS:
            read = [one for one in own if one.reading == reading]
            if read:
                parts.append(f"{reading.capitalize()} reading:\n\n{_table(spec, read)}")
        listed = (f"{_cell_text(*cell)}: {names[', '.join(cell)]}" for cell in CELLS)
        parts.append(f"Systems: {'; '.join(listed)}.\n")
    if found:
        parts.append(_notes(Naming.of(spec), document))
    return assembled("Loss x decoder", spec, document, parts)


def _table(spec: Mapping[str, Any], found: Sequence[Entry]) -> str:
    heads = list(dict.fromkeys((one.row, one.metric) for one in found))
    by_place = {(one.entry, one.row, one.metric): one for one in found}
    texts = {", ".join(cell): _cell_text(*cell) for cell in CELLS} | EFFECT_TEXT
    lines = []
    for entry in (*(", ".join(cell) for cell in CELLS), *EFFECTS):
        own = (by_place[entry, *head] for head in heads)
        lines.append([texts[entry], *(_text(one, spec["decimals"]) for one in own)])
    return table(["Decoder, loss", *(f"{row} {metric}" for row, metric in heads)], lines)


def _cell_text(decoder: str, loss: str) -> str:
    return f"{DECODER_TEXT[decoder]}, {LOSS_TEXT[loss]}"


def _text(one: Entry, decimals: int) -> str:
    text = with_interval(one.value, (one.low, one.high), decimals, "+" if one.against else "")
    if one.p is None or one.p_holm is None:
        return text
    text = f"**{text}**" if one.shown else text
    return f"{text} p {p_value(one.p)} / {p_value(one.p_holm)}"


def _notes(naming: Naming, document: Mapping[str, Any]) -> str:
    return (
        "The paper compares the first cell with the last, which changes decoder and loss at once. "
        f"{naming.told()} In brackets the 95 % interval of "
        f"{document['bootstrap']['draws']} bootstrap resamples of the clips, of a difference the "
        f"paired one {paired_over(document['seeds'])}. After it p of the paired permutation test, "
        "behind the stroke the same by Holm's correction over the differences of one reading and "
        f"metric. Bold: {CRITERION}. {INDEPENDENT}\n"
    )
