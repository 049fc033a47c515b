"""Paired differences between systems: what the paper's claims are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from merflow.report.bootstrap import METRICS
from merflow.report.clips import TRAIN
from merflow.report.makeup import Makeup, makeup
from merflow.report.metrics import Rounding, difference
from merflow.report.nested import nest
from merflow.report.scorer import Scored, Scorer

Key = tuple[str, str, str, str]
"""System, augmentation, reading, split."""

FUSION, JOINT, NOISE = "fusion-unimodal", "jdev-baseline", "noise-clean"


@dataclass(frozen=True)
class Differences:
    """Differences of one system less another, on the clips that both predict.

    Attributes:
        scorer: Labels and draws.
        scored: Every system by :data:`Key`.
        definitions: See :func:`merflow.report.makeup.makeup`.
        rounding: Of the numbers.
    """

    scorer: Scorer
    scored: Mapping[Key, Scored]
    definitions: Mapping[str, Mapping[str, Any]]
    rounding: Rounding

    def all(self) -> dict[str, Any]:
        """Return the differences ``{kind: {system: {augmentation: {reading: {split: ...}}}}}``.

        ``fusion-unimodal``: of systems of several modalities, by the best of one;
        ``jdev-baseline``: of systems called ``<stem>-jdev`` and ``<stem>-baseline``;
        both hold ``{against: difference}``. ``noise-clean``: of one system trained with and
        without noisy copies, without the level of the augmentation.
        """
        found: dict[str, Any] = {FUSION: {}, JOINT: {}, NOISE: {}}
        for key in self.scored:
            system, augmentation, reading, split = key
            base = system.replace("-jdev", "-baseline")
            rivals: dict[str, Mapping[str, Sequence[str]]] = {
                FUSION: self._rivals(system, augmentation, reading),
                JOINT: {base: METRICS} if base != system else {},
            }
            for kind, by_rival in rivals.items():
                for against, metrics in by_rival.items():
                    gap = self._gap(key, (against, augmentation, reading, split), metrics)
                    if gap is not None:
                        nest(found[kind], (*key, against), gap)
            clean = (system, "clean", reading, split)
            gap = self._gap(key, clean, METRICS) if augmentation == "noise" else None
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
        for metric in METRICS:
            known = {name: own[metric] for name, own in scores.items() if metric in own}
            if known:
                best = min if metric == "mse" else max
                found[metric] = best(known, key=lambda name: known[name])
        return found

    def _comparable(self, system: str, made: Makeup) -> bool:
        own = makeup(system, self.definitions)
        return own.unimodal and own.decoders <= made.decoders

    def _rivals(self, system: str, augmentation: str, reading: str) -> dict[str, list[str]]:
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
        cells = self.scorer.common(first[3], self.scored[first], self.scored[second])
        if cells is None:
            return None
        gap = difference(*cells, self.scorer.spec["bootstrap"]["seed"], self.rounding)
        if gap is None:
            return None
        own = {metric: gap[metric] for metric in metrics if metric in gap}
        bounds = {metric: gap["interval"][metric] for metric in own}
        return {**own, "interval": bounds, "clips": cells[0].clips} if own else None
