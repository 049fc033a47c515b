"""Paired differences between systems: what the paper's claims are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from merflow.report.clips import TRAIN
from merflow.report.families import baseline_of, other_strategies
from merflow.report.loss_decoder import KIND as SQUARE
from merflow.report.loss_decoder import effects_on
from merflow.report.makeup import Makeup, makeup
from merflow.report.metrics import Rounding
from merflow.report.nested import nest
from merflow.report.paired import Comparer, Paired
from merflow.report.scorer import Scored, Scorer

Key = tuple[str, str, str, str]
"""System, augmentation, reading, split."""

FUSION, JOINT, NOISE = "fusion-unimodal", "jdev-baseline", "noise-clean"
STRATEGY = "strategy-strategy"
FINE = Rounding(6)
"""Of p-values: corrections are computed from them."""
SPREAD = Rounding(4)
"""Of what is known to a digit or two: detectable differences and spreads over trainings."""


@dataclass(frozen=True)
class Differences:
    """Differences of one system less another, on the clips that both predict.

    Attributes:
        scorer: Labels and draws.
        scored: Every system by :data:`Key`.
        definitions: See :func:`merflow.report.makeup.makeup` and
            :func:`merflow.report.families.form`.
        rounding: Of the numbers.
    """

    scorer: Scorer
    scored: Mapping[Key, Scored]
    definitions: Mapping[str, Mapping[str, Any]]
    rounding: Rounding
    comparer: Comparer = field(init=False)
    compared: dict[tuple[Key, Key], dict[str, Paired]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Set up the comparer, whose draws all differences share."""
        object.__setattr__(self, "comparer", Comparer(self.scorer))

    def all(self) -> dict[str, Any]:
        """Return the differences ``{kind: {system: {augmentation: {reading: {split: ...}}}}}``.

        ``fusion-unimodal``: of systems of several modalities, by the best of one;
        ``jdev-baseline``: see :func:`merflow.report.families.baseline_of`;
        ``strategy-strategy``: see :func:`merflow.report.families.other_strategies`;
        ``loss-decoder``: see :func:`merflow.report.loss_decoder.effects_on`;
        they hold ``{against: difference}``. ``noise-clean``: of one system trained with and
        without noisy copies, without the level of the augmentation.
        """
        found: dict[str, Any] = {FUSION: {}, JOINT: {}, STRATEGY: {}, SQUARE: {}, NOISE: {}}
        for key in self.scored:
            system, augmentation, reading, split = key
            for kind, by_rival in self._rivals(key).items():
                for against, metrics in by_rival.items():
                    gap = self._gap(key, (against, augmentation, reading, split), metrics)
                    if gap is not None:
                        nest(found[kind], (*key, against), gap)
            clean = (system, "clean", reading, split)
            gap = self._gap(key, clean, self._shown) if augmentation == "noise" else None
            if gap is not None:
                nest(found[NOISE], (system, reading, split), gap)
        return found

    def best_unimodal(self, made: Makeup, augmentation: str, reading: str) -> dict[str, str]:
        """Return, for each metric, the best system of one modality with the same decoder.

        It is chosen by its out-of-fold score on ``train`` in the same reading, after the same
        training; no test set has a say. The first by name wins a tie.
        """
        scores = {
            system: dict(zip(scored.cell.metrics, scored.cell.value, strict=True))
            for (system, *trained), scored in sorted(self.scored.items(), key=lambda one: one[0])
            if trained == [augmentation, reading, TRAIN] and self._comparable(system, made)
        }
        found = {}
        for metric in self._shown:
            known = {name: own[metric] for name, own in scores.items() if metric in own}
            if known:
                best = min if self.scorer.naming.less_is_better(metric) else max
                found[metric] = best(known, key=lambda name: known[name])
        return found

    @property
    def _shown(self) -> list[str]:
        """Keys of the metrics that tables show."""
        return list(self.scorer.naming.headings)

    def _comparable(self, system: str, made: Makeup) -> bool:
        own = makeup(system, self.definitions)
        return own.unimodal and own.decoders <= made.decoders

    def _rivals(self, key: Key) -> dict[str, dict[str, list[str]]]:
        """Return by kind whom a system is compared with, and in which metrics."""
        system, *trained = key
        others = sorted(name for name, *how in self.scored if how == trained)
        baseline = baseline_of(system, others, self.definitions)
        strategies = other_strategies(system, others, self.definitions)
        return {
            FUSION: self._unimodal_rivals(system, *trained[:2]),
            JOINT: {baseline: self._shown} if baseline is not None else {},
            STRATEGY: {name: self._shown for name in strategies},
            SQUARE: {name: self._shown for name in effects_on(system, self.definitions)},
        }

    def _unimodal_rivals(
        self, system: str, augmentation: str, reading: str
    ) -> dict[str, list[str]]:
        """Return the best unimodal systems, each with the metrics that it is best in."""
        made = makeup(system, self.definitions)
        found: dict[str, list[str]] = {}
        if made.fusion:
            for metric, name in self.best_unimodal(made, augmentation, reading).items():
                found.setdefault(name, []).append(metric)
        return found

    def _gap(self, first: Key, second: Key, metrics: Sequence[str]) -> dict[str, Any] | None:
        """Return the difference in some metrics, None where the two cannot be compared."""
        if second not in self.scored:
            return None
        # Two kinds may hold the same pair.
        if (first, second) not in self.compared:
            self.compared[first, second] = self.comparer.compare(
                first[3], self.scored[first], self.scored[second]
            )
        found = self.compared[first, second]
        own = {metric: found[metric] for metric in metrics if metric in found}
        return self._rounded(own) if own else None

    def _rounded(self, own: Mapping[str, Paired]) -> dict[str, Any]:
        """Return a difference as it stands in ``scores.json``."""
        gap: dict[str, Any] = {name: self.rounding(one.difference) for name, one in own.items()}
        gap["interval"] = {
            name: [self.rounding(one.low), self.rounding(one.high)] for name, one in own.items()
        }
        gap["p"] = {name: FINE(one.p) for name, one in own.items()}
        gap["detectable"] = {name: SPREAD(one.detectable) for name, one in own.items()}
        spreads = {name: one.seed_sd for name, one in own.items() if one.seed_sd is not None}
        if spreads:
            gap["seed_sd"] = {name: SPREAD(value) for name, value in spreads.items()}
        gap["clips"] = next(iter(own.values())).clips
        return gap
