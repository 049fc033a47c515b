"""What the labels say: mistakes, classes, folds, speakers, valence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.finding import Finding, few, inspect, of_error
from merflow.corpus.folds import divide
from merflow.corpus.label import TRAIN, Label
from merflow.corpus.labels import label_mistakes
from merflow.corpus.split_labels import split_label_mistakes
from merflow.doctor.case import Case
from merflow.doctor.files import has_told_of_lists
from merflow.errors import MerflowError

TOLD = 5
"""Mistakes that are told one by one."""
SCALE = 5.0
"""Com is defined on a valence of -5 to 5, the challenge's scale."""


def look(case: Case) -> Iterator[Finding]:
    """Yield what the adapter says of its corpus, then what the labels say."""
    if has_told_of_lists(case):
        return
    found = inspect(case.config)
    yield from found
    if case.generated:
        return
    try:
        labels = case.labels
    except MerflowError as error:
        told = {one.what for one in found}
        yield from (one for one in _mistakes(case, error) if one.what not in told)
        return
    yield from _splits(case, labels)
    if "report" not in case.wrong:
        yield from _rows(case, labels)
    yield from _folds(case, [label for label in labels if label.split == TRAIN])
    if case.config["corpus"]["com"]:
        yield from _valence(labels, case.config["corpus"]["adapter"] in ADAPTERS)


def _mistakes(case: Case, first: MerflowError) -> list[Finding]:
    """Return all mistakes in the label files, the later ones counted."""
    corpus, spec = case.config["corpus"], case.label_spec
    mistakes: list[MerflowError] = []
    with suppress(MerflowError):  # a file that cannot be read as a whole is the first mistake
        if corpus["adapter"] == "table":
            mistakes = label_mistakes(Path(corpus["csv"]), spec)
        elif corpus["adapter"] == "labels":
            files = {split: Path(file) for split, file in corpus["labels"].items()}
            mistakes = split_label_mistakes(files, spec)
        elif (files_of := ADAPTERS[corpus["adapter"]].label_files) is not None:
            mistakes = split_label_mistakes(files_of(Path(corpus["root"]), spec), spec)
    if str(first) not in map(str, mistakes):  # it is none of a single row
        mistakes.insert(0, first)
    found = [of_error(one) for one in mistakes[:TOLD]]
    if len(mistakes) > TOLD:
        rest = f"{len(mistakes) - TOLD} more rows are wrong, the last: {mistakes[-1]}"
        found.append(Finding("error", rest, "correct them all: the run stops at the first"))
    return found


def _splits(case: Case, labels: Sequence[Label]) -> Iterator[Finding]:
    """Yield the counts of each split, and of each class in it."""
    classes = case.config["corpus"]["classes"]
    for split, count in case.counts.items():
        counts = Counter(label.emotion for label in labels if label.split == split)
        if not count:
            yield Finding(
                "warning",
                f"{split} has no clip",
                "add its clips, or take it out of corpus.tests and report.rows",
            )
            continue
        unlabelled = counts.pop("", 0)
        said = ", ".join(f"{name} {counts[name]:,}" for name in classes)
        if not counts:
            said = "without labels: predictions and a submission, but no scores"
        elif unlabelled:
            said += f", without a label {unlabelled:,}"
        yield Finding("fine", f"{split}: {count:,} clips; {said}")


def _rows(case: Case, labels: Sequence[Label]) -> Iterator[Finding]:
    """Yield the test splits with labels whose scores no table would show."""
    shown = {row["split"] for row in case.config["report"]["rows"]}
    labelled = {label.split for label in labels if label.emotion}
    for split in case.config["corpus"]["tests"]:
        if split in labelled - shown:
            yield Finding(
                "warning",
                f"{split} stands in no row of report.rows, so Table 1 leaves it out",
                f"add a row, as {{name: {split}, split: {split}, augmentation: clean}}",
            )


def _folds(case: Case, train: Sequence[Label]) -> Iterator[Finding]:
    """Yield whether the folds can be made, what stands in them, and who."""
    corpus = case.config["corpus"]
    spec, classes = corpus["folds"], corpus["classes"]
    yield from _classes(train, classes, spec["count"], corpus["adapter"] in ADAPTERS)
    try:
        folds = divide(pd.DataFrame([vars(label) for label in train]), spec)
    except MerflowError as error:
        yield of_error(error)
        return
    if spec["scheme"] != "random":
        held = {(folds[label.clip], label.emotion) for label in train}
        without = [
            f"{name} in fold {fold}"
            for name in sorted({label.emotion for label in train})
            for fold in range(spec["count"])
            if (fold, name) not in held
        ]
        if without:
            yield Finding(
                "warning",
                f"with folds by {spec['scheme']} there is no clip of {few(without)}",
                "take fewer folds, or read the scores of such a class with care",
            )
    adapter = ADAPTERS.get(corpus["adapter"])
    yield from _speakers(train, spec["scheme"], adapter is None or "speaker" in adapter.folds)


def _classes(
    train: Sequence[Label], classes: Sequence[str], folds: int, fixed: bool
) -> Iterator[Finding]:
    """Yield which classes are missing or rare; ``fixed`` ones must all stay in corpus.classes."""
    counts = Counter(label.emotion for label in train)
    for name in classes:
        if not counts[name]:
            yield Finding(
                "warning",
                f"no training clip is {name}, though corpus.classes names it",
                "look whether its clips are missing"
                + ("" if fixed else ", or take it out of corpus.classes"),
            )
        elif counts[name] < folds:
            yield Finding(
                "warning",
                f"{name} has {counts[name]} training clips, fewer than the {folds} folds: some "
                "fold is scored without it",
                "lower corpus.folds.count" + ("" if fixed else ", or join the class with another"),
            )


def _speakers(train: Sequence[Label], scheme: str, divisible: bool) -> Iterator[Finding]:
    """Yield who stands on both sides of a fold; ``divisible`` clips may be divided by speakers."""
    known = {label.speaker for label in train if label.speaker}
    if scheme == "speaker":
        yield Finding("fine", f"{len(known)} speakers, each in one fold")
    elif known and scheme == "random":
        yield Finding(
            "warning",
            f"{len(known)} speakers are known, but random folds put each on both sides: scores of "
            "Train&Val are then too good for speakers that were never heard",
            ("set corpus.folds.scheme to speaker, or " if divisible else "")
            + "give beside the scores what the run finds that this is worth (speakers.md)",
        )
    elif not known:
        yield Finding(
            "warning",
            "no speaker is known, so one may stand on both sides of a fold and make the scores of "
            "Train&Val too good",
            "give the speakers if they can be had; else say so beside the scores"
            if divisible
            else "say so beside the scores: the release names no speakers",
        )


def _valence(labels: Sequence[Label], released: bool) -> Iterator[Finding]:
    """Yield whether the valence is on the scale of Com, which that of a ``released`` corpus is."""
    values = {label.clip: float(label.valence) for label in labels if label.valence}
    if not values:
        return
    least, most = min(values.values()), max(values.values())
    beyond = [clip for clip, value in values.items() if abs(value) > SCALE]
    if not released and (least >= 0 or max(-least, most) <= 1):
        yield Finding(
            "warning",
            f"the valence of all {len(values):,} clips that have one lies between {least:g} and "
            f"{most:g}, as on another scale than -5 to 5, which Com is defined on",
            "set corpus.com to false, which gives MSE in the labels' own units and CCC; leave it "
            "if these labels are on the challenge's scale all the same",
        )
    elif beyond:
        yield Finding(
            "warning",
            f"the valence of {len(beyond)} clips lies outside of -5 to 5 ({few(beyond)}), the "
            "scale that Com is defined on",
            "correct the labels, or set corpus.com to false",
        )
