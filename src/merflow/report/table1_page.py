"""Table 1 as a Markdown page: one table a reading, and what a reader must know to judge it."""

from collections.abc import Mapping, Sequence
from typing import Any

from merflow.report.assembly import assembled
from merflow.report.bootstrap import SMALLEST
from merflow.report.clips import TRAIN
from merflow.report.markdown import table, with_interval
from merflow.report.naming import Naming
from merflow.report.protocols import LEAK, READINGS, choices_told, epochs_told, reading_told
from merflow.report.table1 import Cell, columns, systems

MARK = "†"
TRAINED = {"clean": "on clean clips alone", "noise": "with noisy copies"}


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Cell]) -> str:
    """Return the Markdown page.

    Args:
        spec: As :func:`merflow.report.table1.cells`, and ``corpus``, ``note``, ``training``;
            if folds are random, ``leak``, one of :data:`merflow.report.protocols.LEAK`.
        document: ``scores.json``.
        found: From :func:`merflow.report.table1.cells`.
    """
    parts = []
    for reading in READINGS:
        own = [cell for cell in found if cell.reading == reading]
        if own:
            told = reading_told(reading, spec["training"])
            title = f"## {reading.capitalize()} reading\n\nReading: {told}.\n"
            parts.append(f"{title}\n{_scores(spec, document, own)}")
    notes = [*_notes(spec, document, found), *_labels(spec, document)]
    notes += [*_missing(spec, document, found), *_fewer(spec, document)]
    parts.append("## How to read it\n\n" + "\n".join(notes) + "\n")
    titled = {
        "Selection bias on train: organiser - honest": _bias(spec, document),
        "Spread over seeds, honest reading": _spread(spec, document),
        "Clips": _clips(document),
    }
    parts += [f"## {title}\n\n{text}" for title, text in titled.items() if text]
    return assembled("Table 1", spec, document, parts)


def _scores(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Cell]) -> str:
    heads = [(row["name"], metric) for row, metric in columns(spec, document)]
    arrow = Naming.of(spec).with_arrow
    by_place = {(cell.system, cell.row, cell.metric): cell for cell in found}
    rows = []
    for system in dict.fromkeys(cell.system for cell in found):
        line = [_text(spec, by_place.get((system, *head))) for head in heads]
        rows.append([system, *line])
    return table(["System", *(f"{row} {arrow(metric)}" for row, metric in heads)], rows)


def _text(spec: Mapping[str, Any], cell: Cell | None) -> str:
    if cell is None:
        return "-"
    text = with_interval(cell.ours, (cell.low, cell.high), spec["decimals"])
    if cell.paper is not None and spec.get("mer2023"):
        gap = "" if cell.difference is None else f", {cell.difference:+.{spec['decimals']}f}"
        text += f" ({cell.paper:.4f}{MARK if cell.misprint else ''}{gap})"
    return text


def _notes(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Cell]
) -> list[str]:
    draws, beside = document["bootstrap"]["draws"], spec.get("mer2023")
    naming = Naming.of(spec)
    lines = [
        "- A cell is our score and in brackets its interval"
        + (
            ", in parentheses the number that the paper prints (arXiv 2309.07925, Table 1) and "
            "ours less it."
            if beside
            else ". The paper's own figures are of MER 2023 and stand in table1.csv alone."
        ),
        f"- The interval is the 95 % percentile interval of {draws} bootstrap resamples of the "
        "clips, the same for every system and drawn within emotions, for Train&Val within folds "
        "too: it is for other clips with the same emotions (those with fewer than "
        f"{SMALLEST} clips are drawn together). It does not cover what another seed or other folds "
        "would change.",
        _seeds(document["seeds"]),
        f"- {naming.told()} Train&Val is the mean over folds of the held-out fold's score; a "
        "test set is scored on the mean of the folds' models. Both are means over seeds.",
        f"- Epochs, settings that are lists and the weights of ensembles are chosen by "
        f"{naming.main}. {epochs_told(spec['training'])}",
        *(f"- {told}" for told in choices_told(spec["training"])),
        *([f"- {LEAK[leak]}"] if (leak := spec.get("leak")) else []),
        "- Two systems are compared by their paired difference, its interval and a test: "
        "[differences.md](differences.md).",
    ]
    flagged = {(cell.system, cell.row, cell.metric): cell for cell in found if cell.misprint}
    lines += [
        f"- {MARK} Misprint of the paper ({system}, {row} {metric}): printed {cell.paper:.4f}, "
        f"but its own Dis and Dim give {cell.paper_recomputed:.4f}. "
        "The difference is to the latter."
        for (system, row, metric), cell in flagged.items()
        if beside
    ]
    if naming.valence is None:
        lines.append(
            "- Systems with JDEV are left out: without valence they equal the baseline by "
            "construction."
        )
    return lines


def _seeds(seeds: Sequence[int]) -> str:
    """Say how the seeds enter a cell."""
    if len(seeds) == 1:
        return f"- Each system is trained with the seed {seeds[0]} alone: its spread is not known."
    return (
        f"- Each system is trained with the seeds {_listed(seeds)}. A cell is the mean of their "
        "scores and its interval that of this mean over clips; how far the seeds lie apart stands "
        "below."
    )


def _labels(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Say which rows have no labels, or none of the valence, or not for every clip."""
    found, has = [], Naming.of(spec).valence is not None
    for split, name in {row["split"]: row["name"] for row in reversed(spec["rows"])}.items():
        labels = document["labels"].get(split)
        if labels is None:
            if split in document["clips"]:
                found.append(f"- {name}: none of its clips has a label, so that it has no score.")
            continue
        missing, scored = labels["without_valence"], labels["scored"]
        if has and missing == scored:
            found.append(f"- {name}: its labels have no valence, so that it shows Dis alone.")
        elif has and missing:
            found.append(
                f"- {name}: {missing} of {scored} labelled clips have no valence, so that it shows "
                "Dis alone: the valence of the others would be that of other clips."
            )
        if labels["unlabelled"]:
            found.append(f"- {name}: {labels['unlabelled']} clips have no label and no score.")
    return found[::-1]


def _missing(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Cell]
) -> list[str]:
    """Say why cells are empty: by row and reason, which systems have none."""
    known = {(cell.system, cell.row, cell.reading) for cell in found}
    shown = {(cell.system, cell.reading) for cell in found}
    rows = {row["name"]: row["augmentation"] for row, _ in columns(spec, document)}
    by_reason: dict[tuple[str, str], list[str]] = {}
    for name, augmentation in rows.items():
        for reading in READINGS:
            for system in systems(spec, document):
                if (system, reading) not in shown or (system, name, reading) in known:
                    continue
                reason = f"no prediction of it in the {reading} reading"
                if augmentation not in document["systems"][system]:
                    reason = f"no training {TRAINED[augmentation]}, which this row is of"
                who = by_reason.setdefault((name, reason), [])
                if system not in who:
                    who.append(system)
    return [
        f'- {name}: "-" where a system has {reason}: {", ".join(who)}.'
        for (name, reason), who in by_reason.items()
    ]


def _fewer(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Say which systems were scored on fewer clips than have labels."""
    by_count: dict[tuple[str, int, int], list[str]] = {}
    for row in spec["rows"]:
        every = document["references"]["constant"].get(row["split"], {}).get("clips")
        for system in systems(spec, document):
            scores = document["systems"][system].get(row["augmentation"], {}).get("honest", {})
            scored = scores.get(row["split"], {}).get("clips", every)
            if scored != every:
                by_count.setdefault((row["name"], scored, every), []).append(system)
    return [
        f"- {name}: scored on {scored} of {every} labelled clips, the others having no "
        f"prediction: {', '.join(found)}."
        for (name, scored, every), found in by_count.items()
    ]


def _bias(spec: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    rows, names, headings = [], [], Naming.of(spec).headings
    for system in systems(spec, document):
        for augmentation, values in document["selection_bias"].get(system, {}).items():
            names = [metric for metric in headings if metric in values]
            numbers = (f"{values[metric]:+.{spec['decimals']}f}" for metric in names)
            rows.append([system, augmentation, *numbers])
    return table(["System", "Training", *(headings[m] for m in names)], rows) if rows else ""


def _spread(spec: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return the standard deviations over seeds; nothing where there is one seed."""
    heads, rows, keys = columns(spec, document), [], Naming.of(spec).keys
    for system in systems(spec, document):
        line = []
        for row, metric in heads:
            own = document["systems"][system].get(row["augmentation"], {}).get("honest", {})
            spread = own.get(row["split"], {}).get("seed_sd")
            line.append("-" if spread is None else f"{spread[keys[metric]]:.{spec['decimals']}f}")
        if set(line) != {"-"}:
            rows.append([system, *line])
    if not rows:
        return ""
    text = (
        f"Standard deviation (n - 1) over the seeds {_listed(document['seeds'])}, between whose "
        "trainings initial weights, dropout and the order of clips differ. scores.json has that of "
        "the other reading.\n\n"
    )
    return text + table(["System", *(f"{row['name']} {metric}" for row, metric in heads)], rows)


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _clips(document: Mapping[str, Any]) -> str:
    rows, faceless = [], False
    for split in sorted(document["clips"], key=lambda name: (name != TRAIN, name)):
        counts = document["clips"][split]
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
