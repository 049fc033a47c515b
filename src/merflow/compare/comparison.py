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
        metric: ``weighted_f1``, ``mse`` or ``com``.
        seeds: The trainings that both have.
        lines: By split, ``train`` first.
        notes: What was left out, in sentences.
    """

    metric: str
    seeds: list[int]
    lines: list[Line]
    notes: list[str]


def compare(layout: Layout, sources: tuple[Source, Source], metric: str | None) -> Comparison:
    """Compare two predictions files of the present corpus.

    Args:
        layout: Of the present settings, whose manifest and folds give the labels.
        sources: A and B.
        metric: ``weighted_f1``, ``mse``, ``com``, or None for Com, without valence weighted F1.

    Raises:
        MerflowError: The corpus is not listed yet, or a file is not of it, or the two share no
            training or no labelled split.
    """
    spec = settings_of(layout.config)
    wanted = metric or ("com" if spec["valence"] else "weighted_f1")
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
            notes.append(f"{split} is left out: no clip there has both predictions and {wanted}.")
    if not known:
        raise MerflowError(
            f"{sources[0].text} and {sources[1].text} cannot be compared by {wanted} on any split: "
            "name predictions of the same labelled clips, or another --metric"
        )
    corrected = holm([paired.p for paired in known.values()])
    tests = zip(known.items(), corrected, strict=True)
    lines = [Line(split, paired, p_holm) for (split, paired), p_holm in tests]
    return Comparison(wanted, seeds, lines, notes)


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
