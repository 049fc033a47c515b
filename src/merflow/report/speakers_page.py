"""What random folds leak by speaker, as a Markdown page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from merflow.report.assembly import assembled
from merflow.report.markdown import listed, table, with_interval
from merflow.report.naming import Naming
from merflow.report.protocols import READINGS
from merflow.report.speakers import MEAN, Both, both_sides

TITLE = "What random folds leak by speaker,"
NARROW = 20
"""With fewer groups a bootstrap over them is too narrow; Cameron, Gelbach and Miller 2008 find so
from 5 to some 30."""


def page(
    spec: Mapping[str, Any],
    document: Mapping[str, Any],
    both: Both,
    found: pd.DataFrame,
    trained: Mapping[str, tuple[str, str]],
) -> str:
    """Return the Markdown page.

    Args:
        spec: As :func:`merflow.report.assembly.assembled`.
        document: ``scores.json``.
        both: From :func:`merflow.report.speakers.read_both`.
        found: From :func:`merflow.report.speakers.compare`.
        trained: Names of the run folders of each system, in random folds and by speaker.
    """
    parts, naming = [], Naming.of(spec)
    for reading in READINGS:
        own = found[found["reading"] == reading]
        if len(own):
            parts.append(
                f"## {reading.capitalize()} reading\n\n{verdict(own, naming, spec['decimals'])}\n\n"
                f"{_scores(own, spec['decimals'])}"
            )
    told = f"{_how_to_read(document, both, found)}- {naming.told()}\n"
    parts.append(f"## How to read it\n\n{told}")
    parts.append(f"## Speakers on both sides\n\n{_sides(both)}")
    parts.append(f"## Which training is which\n\n{_folders(spec['systems'], trained)}")
    return assembled(TITLE, spec, document, parts)


def page_of_few(spec: Mapping[str, Any], document: Mapping[str, Any], speakers: int) -> str:
    """Return the page where nothing is compared, as clips that cannot be used left few speakers.

    Args:
        spec: As :func:`page`, and ``fold_count``.
        document: ``scores.json``.
        speakers: How many are left.
    """
    folds = spec["fold_count"]
    how = (
        f"Set corpus.folds.count to {speakers} or less, or mend the clips in quarantine."
        if speakers > 1
        else "Mend the clips in quarantine."
    )
    told = (
        f"How Train&Val changes when whole speakers are held out is not measured: the train clips "
        f"that can be used are of {speakers} {'speaker' if speakers == 1 else 'speakers'}, fewer "
        f"than the {folds} folds (corpus.folds.count). {how}\n"
    )
    return assembled(TITLE, spec, document, [told])


def verdict(own: pd.DataFrame, naming: Naming, decimals: int) -> str:
    """Return what the comparison shows of one reading, by the mean of its systems, in sentences.

    Args:
        own: The rows of one reading.
        naming: Which metrics are better where they are lower.
        decimals: Of the numbers.
    """
    told = _overall(own)
    rows = {row.metric: row for row in told.itertuples()}
    systems = own.loc[own["system"] != MEAN, "system"].nunique()
    changes = [
        f"{name} changes by {with_interval(row.difference, (row.low, row.high), decimals, '+')}"
        for name, row in rows.items()
        if row.difference != 0
    ]
    over = f"Over {systems} systems" if systems > 1 else f"Of {told['system'].iloc[0]}"
    said = f"{over}, {listed(changes or ['nothing changes'])} when whole speakers are held out."
    return " ".join([said, *_meaning(rows, naming)])


def _meaning(rows: Mapping[str, Any], naming: Naming) -> list[str]:
    """Return what each metric shows, whose interval is clear of 0 or is not, as sentences."""
    worse, better, unclear = list[str](), list[str](), list[str]()
    for name, row in rows.items():
        if row.low <= 0 <= row.high:
            unclear.append(name)
        else:
            (worse if (row.difference > 0) == naming.less_is_better(name) else better).append(name)
    said = []
    if worse:
        said.append(
            f"By {listed(worse)} the random folds' scores are in part of speakers that were heard "
            "in training: they are too good for speakers that were not."
        )
    if better:
        said.append(
            f"By {listed(better)} scores are better without known speakers, which these do not "
            "explain: the two kinds of folds differ in more than the speakers."
        )
    if unclear:
        said.append(
            f"By {listed(unclear)} no leak is shown: so many speakers cannot tell the change from "
            "none, or there is none."
        )
    return said


def _scores(own: pd.DataFrame, decimals: int) -> str:
    """Return a table with a line for each system and the mean of all."""
    metrics = list(dict.fromkeys(own["metric"]))
    by_place = {(row.system, row.metric): row for row in own.itertuples()}
    lines = []
    for system in dict.fromkeys(own["system"]):
        line = [system]
        for metric in metrics:
            row = by_place[system, metric]
            gap = with_interval(row.difference, (row.low, row.high), decimals, "+")
            line += [f"{row.random_folds:.{decimals}f}", f"{row.speaker_folds:.{decimals}f}", gap]
        lines.append(line)
    heads = [f"{m} {kind}" for m in metrics for kind in ("random", "by speaker", "change")]
    return table(["System", *heads], lines)


def _how_to_read(document: Mapping[str, Any], both: Both, found: pd.DataFrame) -> str:
    """Return what is compared, and what the interval does not hold."""
    seed, draws = found["seed"].iloc[0], document["bootstrap"]["draws"]
    lines = [
        "- Random: the folds of the settings, as in Table 1. By speaker: as many folds, none of "
        "which shares a speaker with another; the systems trained clean are trained in them once "
        f"more. Both sides are the trainings of one seed, {seed}.",
        "- Scores are of Train&Val, pooled over the clips of all folds, since the folds differ; "
        "Table 1 has the mean over folds and seeds.",
        f"- In brackets the paired 95 % interval of {draws} bootstrap resamples of whole speakers, "
        f"of which there are {both.speakers}"
        + (
            ": so few that it is too narrow."
            if both.speakers < NARROW
            else "; the same resamples for every system and side."
        )
        + " Each metric is judged by its own, without a correction for their number.",
        "- The change holds more than the leak: another split of the same clips gives other "
        "scores, folds by speaker are not stratified by emotion, and another seed would move both "
        "sides. Of these the interval holds nothing.",
    ]
    spread = _spread(found)
    if spread:
        lines.append(f"- {spread}")
    lines.append(
        "- `corpus.folds.scheme: speaker` makes all tables with speakers held out; the trainings "
        "that this page needed are then taken from the store."
    )
    return "\n".join(lines) + "\n"


def _spread(found: pd.DataFrame) -> str:
    """Return how far seeds lie apart in the random folds, where there are several."""
    reading = found["reading"].iloc[0]
    own = _overall(found[found["reading"] == reading])
    known = own[own["seed_sd"].notna()]
    if known.empty:
        return ""
    told = ", ".join(f"{row.metric} {row.seed_sd:.3f}" for row in known.itertuples())
    return (
        "For scale: in the random folds the seeds of one system have a standard deviation of "
        f"{told} ({reading} reading, {own['system'].iloc[0]})."
    )


def _overall(own: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the mean of the systems of a reading, or of its only system."""
    mean = own[own["system"] == MEAN]
    return mean if len(mean) else own


def _sides(both: Both) -> str:
    """Return how many speakers of each fold the other folds have too."""
    random = both_sides(both.random, both.speaker)
    other = both_sides(both.by_speaker, both.speaker)
    heads = ["Fold", "clips", "speakers", "of them in other folds too", "clips of these"]
    heads += ["by speaker: clips", "speakers", "of them in other folds too"]
    lines = [
        [a.fold, a.clips, a.speakers, a.shared, a.shared_clips, b.clips, b.speakers, b.shared]
        for a, b in zip(random.itertuples(), other.itertuples(), strict=True)
    ]
    shared, clips = random["shared_clips"].sum(), random["clips"].sum()
    return (
        f"Of {clips} train clips {shared} are held out from a model that was trained on clips of "
        f"the same speaker.\n\n{table(heads, lines)}"
    )


def _folders(order: Sequence[str], trained: Mapping[str, tuple[str, str]]) -> str:
    """Return a table of the run folders, whose names tell the folds by their digest alone."""
    lines = [[name, *trained[name]] for name in order if name in trained]
    return (
        "Folders in `results/runs/`; both trainings of a system have its name and differ in the "
        f"digest.\n\n{table(['System', 'random folds', 'folds by speaker'], lines)}"
    )
