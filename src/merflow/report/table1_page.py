"""Table 1 as a Markdown page: one table a reading, and what a reader must know to judge it."""

from collections.abc import Mapping, Sequence
from typing import Any

from merflow.report.clips import TRAIN
from merflow.report.markdown import paired_over, table, with_interval
from merflow.report.paper import SHORT
from merflow.report.table1 import LONG, READINGS, Cell, columns, systems

ARROWS = {"Dis": "Dis ↑", "Dim": "Dim ↓", "Com": "Com ↑"}
READING_TEXT = {
    "honest": "of each fold the epoch is kept that is best on the other folds, whose "
    "models were trained on this fold's labels too (the choice is not nested)",
    "organiser": "of each fold the epoch is kept that is best on that very fold, as the "
    "challenge's baseline does",
}
REFERENCES = {
    "constant": "most frequent class and mean valence of train",
    "true_class": "true class, and its mean valence in train",
}
MARK = "†"


def page(spec: Mapping[str, Any], metrics: Mapping[str, Any], found: Sequence[Cell]) -> str:
    """Return the Markdown page.

    Args:
        spec: As :func:`merflow.report.table1.cells`, and ``corpus``, ``note``.
        metrics: One corpus's part of ``metrics.json``.
        found: From :func:`merflow.report.table1.cells`.
    """
    parts = [f"# Table 1 on corpus {spec['corpus']}\n"]
    if spec.get("note"):
        parts.append(f"**Note: {spec['note']}.**\n")
    for reading in READINGS:
        own = [cell for cell in found if cell.reading == reading]
        if own:
            title = f"## {reading.capitalize()} reading\n\nReading: {READING_TEXT[reading]}.\n"
            parts.append(f"{title}\n{_scores(spec, metrics, own)}")
    notes = [*_notes(spec, metrics, found), *_fewer(spec, metrics)]
    parts.append("## How to read it\n\n" + "\n".join(notes) + "\n")
    parts.append("## Reference predictors\n\n" + _references(spec, metrics))
    bias = _bias(spec, metrics)
    if bias:
        parts.append("## Selection bias on train: organiser - honest\n\n" + bias)
    gains = _gains(spec, metrics)
    if gains:
        parts.append("## JDEV - baseline, honest reading\n\n" + gains)
    parts.append("## Clips\n\n" + _clips(metrics))
    return "\n".join(parts)


def _scores(spec: Mapping[str, Any], metrics: Mapping[str, Any], found: Sequence[Cell]) -> str:
    heads = [(row["name"], metric) for row, metric in columns(spec, metrics)]
    by_place = {(cell.system, cell.row, cell.metric): cell for cell in found}
    rows = []
    for system in dict.fromkeys(cell.system for cell in found):
        line = [_text(spec, by_place.get((system, *head))) for head in heads]
        rows.append([system, *line])
    return table(["System", *(f"{row} {ARROWS[metric]}" for row, metric in heads)], rows)


def _text(spec: Mapping[str, Any], cell: Cell | None) -> str:
    if cell is None:
        return "-"
    text = with_interval(cell.ours, (cell.low, cell.high), spec["decimals"])
    if cell.paper is not None:
        text += f" ({cell.paper:.4f}{MARK if cell.misprint else ''})"
    return text


def _notes(spec: Mapping[str, Any], metrics: Mapping[str, Any], found: Sequence[Cell]) -> list[str]:
    draws = metrics["bootstrap"]["draws"]
    lines = [
        "- A cell is our score, in brackets its interval, in parentheses the number that the "
        "paper prints (arXiv 2309.07925, Table 1; on MER 2023).",
        f"- The interval is the 95 % percentile interval of {draws} bootstrap resamples of the "
        "clips, drawn within folds for Train&Val and the same for every system. It does not "
        "cover what another seed or other folds would change.",
        "- Dis is the F1 weighted by class, Dim the mean squared error of the valence, "
        "Com = Dis - 0.25 Dim. Train&Val is the mean over folds of the held-out fold's score; a "
        "test set is scored on the mean of the folds' models. Both are means over seeds.",
    ]
    flagged = {(cell.system, cell.row, cell.metric): cell for cell in found if cell.misprint}
    lines += [
        f"- {MARK} Misprint of the paper ({system}, {row} {metric}): printed {cell.paper:.4f}, "
        f"but its own Dis and Dim give {cell.paper_recomputed:.4f}."
        + (" The difference in the csv is to the latter." if spec.get("mer2023") else "")
        for (system, row, metric), cell in flagged.items()
    ]
    if not any(cell.metric == "Com" for cell in found):
        lines.append(
            "- Dim and Com are left out, since this corpus has no valence; so are JDEV systems, "
            "which equal the baseline then by construction. Epochs are chosen by Dis."
        )
    return lines


def _fewer(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """Say which systems were scored on fewer clips than have labels."""
    by_count: dict[tuple[str, int, int], list[str]] = {}
    for row in spec["rows"]:
        every = metrics["references"]["constant"].get(row["split"], {}).get("clips")
        for system in systems(spec, metrics):
            scores = metrics["systems"][system].get(row["augmentation"], {}).get("honest", {})
            scored = scores.get(row["split"], {}).get("clips", every)
            if scored != every:
                by_count.setdefault((row["name"], scored, every), []).append(system)
    return [
        f"- {name}: scored on {scored} of {every} labelled clips, the others having no "
        f"prediction: {', '.join(found)}."
        for (name, scored, every), found in by_count.items()
    ]


def _references(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    heads = list({row["split"]: row["name"] for row in spec["rows"]}.items())
    heads = [(split, name) for split, name in heads if split in metrics["references"]["constant"]]
    scored = [
        (split, f"{name} {ARROWS[SHORT[metric]]}", metric)
        for split, name in heads
        for metric in SHORT
        if metric in metrics["references"]["constant"][split]
    ]
    rows = []
    for key, text in REFERENCES.items():
        values = (metrics["references"][key][split][metric] for split, _, metric in scored)
        rows.append([text, *(f"{value:.{spec['decimals']}f}" for value in values)])
    return table(["Predictor", *(head for _, head, _ in scored)], rows) + (
        "\nOn train both are in-sample: they are made of the labels that they are scored on.\n"
    )


def _bias(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    rows, names = [], []
    for system in systems(spec, metrics):
        for augmentation, values in metrics["selection_bias"].get(system, {}).items():
            names = [metric for metric in SHORT if metric in values]
            numbers = (f"{values[metric]:+.{spec['decimals']}f}" for metric in names)
            rows.append([system, augmentation, *numbers])
    return table(["System", "Training", *(SHORT[m] for m in names)], rows) if rows else ""


def _gains(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    heads = columns(spec, metrics)
    rows = []
    stems = dict.fromkeys(name.replace("-jdev", "") for name in systems(spec, metrics))
    gaps = metrics["differences"]["jdev-baseline"]
    for stem, by_augmentation in ((name, gaps[name]) for name in stems if name in gaps):
        line = []
        for row, metric in heads:
            by_split = by_augmentation.get(row["augmentation"], {}).get("honest", {})
            gap, name = by_split.get(row["split"]), LONG[metric]
            line.append(
                "-"
                if gap is None
                else with_interval(gap[name], gap["interval"][name], spec["decimals"], "+")
            )
        if set(line) != {"-"}:
            rows.append([stem, *line])
    if not rows:
        return ""
    text = (
        f"In brackets the paired 95 % bootstrap interval {paired_over(metrics['seeds'])}. Unless "
        "params.yaml says otherwise, the JDEV systems change the loss too (eq. 9 against the sum), "
        "as in the paper's comparison: the difference is of both.\n\n"
    )
    return text + table(["Features", *(f"{row['name']} {metric}" for row, metric in heads)], rows)


def _clips(metrics: Mapping[str, Any]) -> str:
    rows, faceless = [], False
    for split in sorted(metrics["clips"], key=lambda name: (name != TRAIN, name)):
        counts = metrics["clips"][split]
        reasons = [f"{count} {reason}" for reason, count in sorted(counts["quarantined"].items())]
        faceless |= "faceless" in counts["quarantined"]
        rows.append([split, counts["used"], ", ".join(reasons) or "none"])
    text = table(["Split", "used", "quarantined"], rows)
    if faceless:
        text += (
            "\nFaceless clips are among those used: systems with pictures leave them out of train "
            "and take the training mean for them on a test set.\n"
        )
    return text
