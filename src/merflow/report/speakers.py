"""What random folds leak by speaker: the same systems in random folds and in folds by speaker.

With random folds a held-out clip is often of a speaker that the model has heard in training. The
systems are trained once more with whole speakers held out; what their out-of-fold scores lose is
what the random folds' owe to known speakers, and the chance of another split (source: ours).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from merflow.errors import MerflowError
from merflow.report.bootstrap import draw_groups, interval
from merflow.report.clips import TRAIN, read_text_csv
from merflow.report.document import parse_label
from merflow.report.labels import SplitLabels, scored_splits
from merflow.report.metrics import Cell, Rounding
from merflow.report.naming import Naming
from merflow.report.protocols import READINGS
from merflow.report.readings import Predictions, align
from merflow.report.scorer import Scorer
from merflow.training.predictions import read_predictions

MEAN = "mean of the systems"
COLUMNS = [
    *("system", "reading", "metric", "random_folds", "speaker_folds"),
    *("difference", "low", "high", "seed_sd", "clips", "seed"),
]


@dataclass(frozen=True)
class Both:
    """The train clips in both kinds of folds.

    Attributes:
        random: Labels, with the folds of the settings.
        by_speaker: The same clips, with the folds by speaker.
        speaker: Of each clip, numbered from 0 without a gap.
    """

    random: SplitLabels
    by_speaker: SplitLabels
    speaker: Int64[np.ndarray, " clips"]

    @property
    def speakers(self) -> int:
        """How many speakers there are."""
        return int(self.speaker.max()) + 1


def read_both(spec: Mapping[str, Any], manifest: Path, folds: Path, speaker_folds: Path) -> Both:
    """Read the labels in both kinds of folds, and who speaks.

    Args:
        spec: See :func:`merflow.report.labels.scored_splits`.
        manifest: ``manifest.csv``.
        folds: The folds of the settings.
        speaker_folds: Those by speaker, of the same clips.

    Raises:
        MerflowError: A file is wrong, or a clip has no speaker.
    """
    told = {**spec, "tests": []}
    random, by_speaker = (
        scored_splits(told, manifest, file)[TRAIN] for file in (folds, speaker_folds)
    )
    table = read_text_csv(manifest, "clip", "speaker")
    name_of = dict(zip(table["clip"], table["speaker"], strict=True))
    names = [name_of[clip] for clip in random.clips]
    if "" in names:
        raise MerflowError(
            f"{manifest} names no speaker of the clip '{random.clips[names.index('')]}': fill the "
            "column 'speaker' of the label file, or empty it whole"
        )
    speaker = np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
    return Both(random, by_speaker, speaker)


def compare(
    spec: Mapping[str, Any], both: Both, random: Mapping[str, Path], held_out: Mapping[str, Path]
) -> pd.DataFrame:
    """Compare every system and reading, and the mean over the systems of each reading.

    Scores are pooled over the clips of all folds, as the folds differ; both sides are of the seed
    that was trained by speaker. The interval is the paired one over whole speakers.

    Args:
        spec: As :class:`merflow.report.scorer.Scorer`, and ``systems`` (their order).
        both: From :func:`read_both`.
        random: Predictions in the folds of the settings by label, see
            :func:`merflow.report.document.parse_label`.
        held_out: Predictions in folds by speaker, with the same labels.

    Returns:
        The columns :data:`COLUMNS`; ``difference`` is ``speaker_folds - random_folds``, ``low``
        and ``high`` bound it, ``seed`` is that of both trainings, ``seed_sd`` the standard
        deviation over the seeds of the random folds, NaN where there is one.

    Raises:
        MerflowError: The two sides are not of the same systems, clips and seeds.
    """
    boot, order = spec["bootstrap"], list(spec["systems"])
    counts = draw_groups(both.speaker, boot["draws"], boot["seed"], "speakers")
    pooled = replace(both.random, stratum=np.zeros(len(both.speaker), np.int64))
    scorer = Scorer(spec, {TRAIN: pooled}, {TRAIN: counts})
    rounding, rows = Rounding(spec["decimals"]), []
    for reading in READINGS:
        gaps = []
        for label in sorted(held_out, key=lambda text: order.index(parse_label(text)[0])):
            system, _, own = parse_label(label)
            if own == reading:
                ours = _aligned(spec, both.random, random[label], label)
                other = _aligned(spec, both.by_speaker, held_out[label], label)
                gaps.append(_gap(scorer, ours, other, label))
                rows += _rows(system, reading, gaps[-1:], rounding, scorer.naming)
        if len(gaps) > 1:
            rows += _rows(MEAN, reading, gaps, rounding, scorer.naming)
    return pd.DataFrame(rows, columns=COLUMNS)


def speakers_left(manifest: Path) -> int:
    """Return how many speakers the usable train clips have.

    Args:
        manifest: ``manifest.csv``.
    """
    table = read_text_csv(manifest, "clip", "split", "speaker")
    return int(table.loc[table["split"] == TRAIN, "speaker"].nunique())


def run_folders(
    random: Mapping[str, Path], held_out: Mapping[str, Path]
) -> dict[str, tuple[str, str]]:
    """Return the names of the run folders of each system, in random folds and by speaker.

    Args:
        random: As :func:`compare`.
        held_out: As :func:`compare`.
    """
    return {
        parse_label(label)[0]: (random[label].parent.name, path.parent.name)
        for label, path in held_out.items()
    }


@dataclass(frozen=True)
class _Gap:
    """One system: its cells of one seed in both kinds of folds, and its spread over seeds."""

    random: Cell
    held_out: Cell
    seed_sd: Float64[np.ndarray, " metrics"]

    @property
    def samples(self) -> Float64[np.ndarray, "draws metrics"]:
        """The difference in every resample."""
        return (self.held_out.samples - self.random.samples)[0]


def _aligned(spec: Mapping[str, Any], labels: SplitLabels, path: Path, source: str) -> Predictions:
    frame = read_predictions(path, spec["classes"], spec["valence"])
    found = align(frame, labels, spec["classes"], f"{source} ({path})")
    if found is None:
        raise MerflowError(f"{path} predicts no train clip: rebuild it")
    return found


def _gap(scorer: Scorer, random: Predictions, held_out: Predictions, source: str) -> _Gap:
    """Score both sides on the clips and the one seed that both have."""
    if len(held_out.seeds) != 1 or held_out.seeds[0] not in random.seeds:
        raise MerflowError(
            f"{source} was trained in folds by speaker with the seeds {held_out.seeds} and in the "
            f"folds of the settings with {random.seeds}: train it again"
        )
    every = scorer.score(TRAIN, random).cell
    first = scorer.score(TRAIN, _of_seed(random, held_out.seeds[0]))
    cells = scorer.common(TRAIN, first, scorer.score(TRAIN, held_out))
    if cells is None:
        raise MerflowError(f"{source} shares no clip between both kinds of folds: train it again")
    spread = every.seed_sd
    return _Gap(*cells, np.full(len(every.metrics), np.nan) if spread is None else spread)


def _of_seed(predictions: Predictions, seed: int) -> Predictions:
    k = predictions.seeds.index(seed)
    valence = predictions.valence
    return replace(
        predictions,
        seeds=[seed],
        probabilities=predictions.probabilities[k : k + 1],
        valence=None if valence is None else valence[k : k + 1],
    )


def _rows(
    system: str, reading: str, gaps: Sequence[_Gap], rounding: Rounding, naming: Naming
) -> list[dict[str, Any]]:
    """Return a row for each metric, of one system or of the mean of several."""
    names = gaps[0].random.metrics
    random, held_out = (
        np.mean([cell.value for cell in cells], axis=0)
        for cells in ([gap.random for gap in gaps], [gap.held_out for gap in gaps])
    )
    bounds = interval(np.mean([gap.samples for gap in gaps], axis=0))
    spread = np.mean([gap.seed_sd for gap in gaps], axis=0)
    rows = []
    for name, heading in naming.headings.items():
        if name not in names:
            continue
        m = names.index(name)
        told = (random[m], held_out[m], held_out[m] - random[m], *bounds[m], spread[m])
        about: dict[str, Any] = {"system": system, "reading": reading, "metric": heading}
        about |= {key: rounding(value) for key, value in zip(COLUMNS[3:9], told, strict=True)}
        clips, seed = min(gap.random.clips for gap in gaps), gaps[0].random.seeds[0]
        rows.append(about | {"clips": clips, "seed": seed})
    return rows


def both_sides(labels: SplitLabels, speaker: Int64[np.ndarray, " clips"]) -> pd.DataFrame:
    """Return by held-out fold how many of its speakers stand in other folds too.

    Args:
        labels: With the folds.
        speaker: Of each clip.

    Returns:
        The columns ``fold``, ``clips``, ``speakers``, ``shared`` (speakers that other folds have
        too) and ``shared_clips``, theirs in the fold.
    """
    rows = []
    for fold in np.unique(labels.stratum):
        inside = labels.stratum == fold
        heard = inside & np.isin(speaker, speaker[~inside])
        counts = {"clips": inside.sum(), "speakers": len(np.unique(speaker[inside]))}
        counts |= {"shared": len(np.unique(speaker[heard])), "shared_clips": heard.sum()}
        rows.append({"fold": int(fold), **{name: int(count) for name, count in counts.items()}})
    return pd.DataFrame(rows)
