"""Scores of a test split at fixed SNRs, of systems trained clean and with noisy copies: the csv."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.report.clips import TRAIN
from merflow.report.holm import holm_by
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Cell, Rounding, summary
from merflow.report.paired import Comparer, Paired
from merflow.report.scorer import Scored, Scorer
from merflow.report.shown import shown
from merflow.training.predictions import read_predictions

CLEAN, NOISE = "clean", "noise"


@dataclass(frozen=True)
class Level:
    """One system in one metric at one SNR; the columns of ``robustness.csv``.

    Attributes:
        system: Its name.
        split: The test split.
        snr: In dB, or ``clean``.
        metric: A heading, see :class:`merflow.report.naming.Naming`.
        clips: How many clips were scored.
        clean: Score after training on clean clips alone, and the ends of its interval.
        clean_low: See ``clean``.
        clean_high: See ``clean``.
        noise: The same after training with noisy copies.
        noise_low: See ``noise``.
        noise_high: See ``noise``.
        difference: ``noise - clean``, and the ends of its paired interval.
        difference_low: See ``difference``.
        difference_high: See ``difference``.
        p: Of the paired permutation test over clips, two-sided.
        p_holm: The same, corrected over all systems and SNRs in this metric.
        detectable: The smallest difference that so many clips show with 80 % power.
    """

    system: str
    split: str
    snr: str
    metric: str
    clips: int
    clean: float | None = None
    clean_low: float | None = None
    clean_high: float | None = None
    noise: float | None = None
    noise_low: float | None = None
    noise_high: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    detectable: float | None = None

    @property
    def shown(self) -> bool:
        """Whether the difference is shown, see :func:`merflow.report.shown.shown`."""
        told = (self.p_holm, self.difference_low, self.difference_high)
        p, low, high = told
        return p is not None and low is not None and high is not None and shown(p, low, high)

    def score(self, trained: str) -> tuple[float, float, float] | None:
        """Return the score after a training, ``clean`` or ``noise``, and its interval."""
        value, low, high = (getattr(self, f"{trained}{end}") for end in ("", "_low", "_high"))
        return None if value is None else (value, low, high)

    @property
    def gap(self) -> tuple[float, float, float] | None:
        """The difference and its interval."""
        return self.score("difference")


def levels(
    spec: Mapping[str, Any], labels: Mapping[str, SplitLabels], files: Mapping[str, Path]
) -> tuple[list[Level], dict[str, Any]]:
    """Score every system at every SNR.

    Args:
        spec: As :class:`merflow.report.scorer.Scorer`, and ``robustness`` (``split``, ``snr``).
        labels: From :func:`merflow.report.labels.scored_splits`.
        files: Predictions by label ``<system>|<augmentation>|<snr or "clean">``.

    Returns:
        By system, SNR (rising, ``clean`` last) and metric; and the reference predictors, the
        trainings' seeds and the bootstrap as ``scores.json`` has them.

    Raises:
        MerflowError: The split has no label, or a file has no prediction of it.
    """
    split = spec["robustness"]["split"]
    if split not in labels:
        raise MerflowError(
            f"no clip of {split} has a label of corpus.classes: name a labelled split as "
            "report.robustness.split, or set report.robustness to null"
        )
    scorer = Scorer.of(spec, {name: labels[name] for name in (TRAIN, split)})
    compare, rounding = Comparer(scorer), Rounding(spec["decimals"])
    found, seeds = list[Level](), set[int]()
    for system in dict.fromkeys(label.rpartition("|")[0].partition("|")[0] for label in files):
        for snr in [*map(str, sorted(spec["robustness"]["snr"])), CLEAN]:
            own = {
                trained: _scored(scorer, files[f"{system}|{trained}|{snr}"], split)
                for trained in (CLEAN, NOISE)
                if f"{system}|{trained}|{snr}" in files
            }
            seeds.update(seed for one in own.values() for seed in one.cell.seeds)
            place = (system, split, snr)
            found += _of_level(place, own, compare, rounding)
    corrected = iter(holm_by(*_tests(found)))
    told = [
        one if one.p is None else replace(one, p_holm=round(next(corrected), 6)) for one in found
    ]
    references = {
        name: {split: summary(cells[split], rounding)}
        for name, cells in scorer.references().items()
    }
    return told, {"references": references, "seeds": sorted(seeds), "bootstrap": spec["bootstrap"]}


def _tests(found: Sequence[Level]) -> tuple[list[float], list[str]]:
    """Return p and family of every test: a family are all systems and SNRs in one metric."""
    tested = [(one.p, one.metric) for one in found if one.p is not None]
    return [p for p, _ in tested], [metric for _, metric in tested]


def _scored(scorer: Scorer, path: Path, split: str) -> Scored:
    frame = read_predictions(path, scorer.spec["classes"], scorer.spec["valence"])
    scored = scorer.frame(frame[frame["split"] == split], str(path))
    if split not in scored:
        raise MerflowError(f"{path} predicts no clip of {split}: predict it again")
    return scored[split]


def _of_level(
    place: tuple[str, str, str], own: Mapping[str, Scored], compare: Comparer, rounding: Rounding
) -> Iterator[Level]:
    """Yield one system at one SNR in each metric."""
    split = place[1]
    both = own.keys() == {CLEAN, NOISE}
    gaps = compare.compare(split, own[NOISE], own[CLEAN]) if both else {}
    cells = {trained: scored.cell for trained, scored in own.items()}
    naming = compare.scorer.naming
    # Beside what all tables show CCC, where they do not: noise bends a valence's spread too.
    for metric, heading in ({naming.key("ccc"): "CCC"} | naming.headings).items():
        if all(metric in cell.metrics for cell in cells.values()):
            clips = min(cell.clips for cell in cells.values())
            told: dict[str, Any] = _numbers(metric, cells, gaps.get(metric), rounding)
            yield Level(*place, heading, clips, **told)


def _numbers(
    metric: str, cells: Mapping[str, Cell], gap: Paired | None, rounding: Rounding
) -> dict[str, float]:
    found: dict[str, float] = {}
    for trained, cell in cells.items():
        k = cell.metrics.index(metric)
        low, high = cell.bounds.metrics[k]
        found |= {trained: rounding(cell.value[k]), f"{trained}_low": rounding(low)}
        found[f"{trained}_high"] = rounding(high)
    if gap is not None:
        found |= {"difference": rounding(gap.difference), "p": round(gap.p, 6)}
        found |= {"difference_low": rounding(gap.low), "difference_high": rounding(gap.high)}
        found["detectable"] = rounding(gap.detectable)
    return found


def main_metric(found: Sequence[Level]) -> str:
    """Return what page and figure show: Com where there is one, else weighted F1."""
    return "Com" if any(one.metric == "Com" for one in found) else "Dis"


def as_frame(found: Sequence[Level]) -> pd.DataFrame:
    """Return the levels as a tidy table, one row each."""
    names = [field.name for field in fields(Level)]
    return pd.DataFrame([asdict(one) for one in found], columns=names)
