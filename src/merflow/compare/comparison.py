"""Two predictions files, compared on every labelled split that both have."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.compare.sources import Source
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.report.holm import holm
from merflow.report.labels import SplitLabels
from merflow.report.naming import OF_VALENCE, VALENCE, Naming
from merflow.report.paired import Comparer, Paired
from merflow.report.recompute import labels_at, settings_of
from merflow.report.scorer import Scorer
from merflow.report.shown import shown
from merflow.training.predictions import read_predictions


@dataclass(frozen=True)
class Line:
    """The comparison on one split.

    Attributes:
        split: Its name.
        paired: A - B.
        p_holm: Its p corrected over the splits.
    """

    split: str
    paired: Paired
    p_holm: float

    @property
    def shown(self) -> bool:
        """Whether the difference is shown, see :func:`merflow.report.shown.shown`."""
        return shown(self.p_holm, self.paired.low, self.paired.high)


@dataclass(frozen=True)
class Comparison:
    """The comparison of A and B in one metric.

    Attributes:
        name: What the metric is called, e.g. ``Com`` or ``valence_proxy MSE``.
        less_is_better: Whether a lower score is the better one.
        seeds: The trainings that both have.
        lines: By split, ``train`` first.
        notes: What was left out, in sentences.
    """

    name: str
    less_is_better: bool
    seeds: list[int]
    lines: list[Line]
    notes: list[str]


def compare(layout: Layout, sources: tuple[Source, Source], metric: str | None) -> Comparison:
    """Compare two predictions files of the present corpus.

    Args:
        layout: Of the present settings, whose manifest and folds give the labels.
        sources: A and B.
        metric: ``weighted_f1``, ``mse``, ``ccc``, ``com``; None is Com, where there is none
            weighted F1.

    Raises:
        MerflowError: The corpus has no such metric or is not listed yet, or a file is not of it, or
            the two share no training or no labelled split.
    """
    spec = settings_of(layout.config, layout.valence_name)
    naming = Naming.of(spec)
    metric = metric or ("com" if naming.com else "weighted_f1")
    if metric == "com" and not naming.com:
        raise MerflowError(
            "this corpus has no Com (corpus.com is false): compare by another --metric"
        )
    wanted, name = naming.key(metric), _called(naming, metric)
    manifest, folds = Path(layout.manifest), Path(layout.folds)
    labels = labels_at(spec, manifest, folds)
    frames = [_read(source, spec, labels, manifest) for source in sources]
    frames, seeds, notes = _same_seeds(frames, sources)
    scorer = Scorer.of(spec, labels)
    first, second = (
        scorer.frame(frame, source.text) for frame, source in zip(frames, sources, strict=True)
    )
    comparer, known = Comparer(scorer), {}
    for split in labels:
        if split not in first or split not in second:
            notes.append(f"{split} is left out, as not both predict clips of it.")
            continue
        found = comparer.compare(split, first[split], second[split])
        if wanted in found:
            known[split] = found[wanted]
        else:
            notes.append(f"{split} is left out: no clip there has both predictions and {name}.")
    if not known:
        raise MerflowError(
            f"{sources[0].text} and {sources[1].text} cannot be compared by {name} on any split: "
            "name predictions of the same labelled clips, or another --metric"
        )
    corrected = holm([paired.p for paired in known.values()])
    tests = zip(known.items(), corrected, strict=True)
    lines = [Line(split, paired, p_holm) for (split, paired), p_holm in tests]
    if metric in OF_VALENCE and naming.warning():
        notes.append(naming.warning())
    return Comparison(name, naming.less_is_better(wanted), seeds, lines, notes)


def _called(naming: Naming, metric: str) -> str:
    """Return what a metric is called in sentences; a true valence need not be named."""
    named = {"com": "Com", "weighted_f1": "weighted F1"}
    plain = naming.valence in (None, VALENCE)
    return named.get(metric, metric.upper() if plain else f"{naming.valence} {metric.upper()}")


def _read(
    source: Source, spec: dict[str, Any], labels: dict[str, SplitLabels], manifest: Path
) -> pd.DataFrame:
    frame = read_predictions(source.path, spec["classes"], spec["valence"])
    if "layer" in frame:
        raise MerflowError(
            f"{source.path} holds probes, one model a layer: Figure 4 compares these; name a system"
        )
    known = {clip for own in labels.values() for clip in own.clips}
    if not set(frame["clip"]) & known:
        raise MerflowError(
            f"{source.path} predicts no labelled clip of {manifest}: name predictions of the "
            "present corpus, or call this where params.yaml has theirs"
        )
    return frame


def _same_seeds(
    frames: Sequence[pd.DataFrame], sources: tuple[Source, Source]
) -> tuple[list[pd.DataFrame], list[int], list[str]]:
    """Return the frames of the seeds that both have, these seeds, and a note if that is fewer."""
    own = [{int(seed) for seed in frame["seed"].unique()} for frame in frames]
    seeds = sorted(own[0] & own[1])
    if not seeds:
        told = [", ".join(map(str, sorted(one))) for one in own]
        raise MerflowError(
            f"{sources[0].text} was trained with the seeds {told[0]} and {sources[1].text} with "
            f"{told[1]}: train both with a common seed"
        )
    kept = [frame[frame["seed"].isin(seeds)] for frame in frames]
    notes = []
    if own[0] != own[1]:
        notes.append(f"Only the seeds that both have are compared: {', '.join(map(str, seeds))}.")
    return kept, seeds, notes
