"""Two systems on the clips that both predict: difference, interval, test, and what it can show."""

from dataclasses import dataclass, field

from merflow.report.metrics import Rounding, difference
from merflow.report.permutation import METRICS, Exchanges, permute
from merflow.report.power import detectable, seed_sd
from merflow.report.scorer import Scored, Scorer
from merflow.report.sums import clip_sums

UNROUNDED = Rounding(12)


@dataclass(frozen=True)
class Paired:
    """One metric of two systems, ``first - second``.

    Attributes:
        first: Score on the clips that both predict.
        second: The same of the other.
        difference: ``first - second``.
        low: Of the paired 95 % bootstrap interval, over clips and trainings.
        high: Of the same.
        p: Of the paired permutation test, over clips.
        detectable: The smallest difference that these clips show with 80 % power.
        seed_sd: Standard deviation of the trainings' differences; None of one training.
        clips: How many clips both predict.
    """

    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    detectable: float
    seed_sd: float | None
    clips: int

    def same(self, decimals: int | None = None) -> bool:
        """Return whether the two say the same of every clip, as far as the metric tells.

        Exchanging what they say then changes nothing: neither the difference nor what chance does.

        Args:
            decimals: Smaller differences than show in so many count for none; None: none is left.
        """
        parts = (self.difference, self.low, self.high, self.detectable)
        return not any(part if decimals is None else round(part, decimals) for part in parts)


@dataclass(frozen=True)
class Comparer:
    """Compares systems of one scorer, on exchanges that all comparisons share.

    Attributes:
        scorer: Labels and bootstrap draws.
        exchanges: By split; drawn when first asked for.
    """

    scorer: Scorer
    exchanges: dict[str, Exchanges] = field(default_factory=dict)

    def compare(self, split: str, first: Scored, second: Scored) -> dict[str, Paired]:
        """Compare by the :data:`merflow.report.permutation.METRICS` that the corpus has.

        Returns:
            By the metric's key; nothing where the two share no clip, or were trained with
            different seeds or scored by different metrics.
        """
        cells = self.scorer.common(split, first, second)
        if cells is None:
            return {}
        gap = difference(*cells, self.scorer.spec["bootstrap"]["seed"], UNROUNDED)
        if gap is None:
            return {}
        one, other = cells
        labels, classes = self.scorer.labels[split], self.scorer.spec["classes"]
        both = first.predictions.present & second.predictions.present
        sums, others = (
            clip_sums(labels, scored.predictions.among(both), classes) for scored in (first, second)
        )
        chance = permute(
            sums, others, labels.stratum[both], self._exchanges(split).among(both), len(classes)
        )
        by_seed = (one.points - other.points).mean(axis=1)
        naming = self.scorer.naming
        places = [(k, naming.key(metric)) for k, metric in enumerate(METRICS)]
        tested = [(k, name) for k, name in places if name in one.metrics]
        return {
            name: Paired(
                first=float(one.value[m]),
                second=float(other.value[m]),
                difference=gap[name],
                low=gap["interval"][name][0],
                high=gap["interval"][name][1],
                p=float(chance.p[k]),
                detectable=detectable(float(chance.sd[k])),
                seed_sd=seed_sd(by_seed[:, m].tolist()),
                clips=one.clips,
            )
            for k, name in tested
            for m in [one.metrics.index(name)]
        }

    def _exchanges(self, split: str) -> Exchanges:
        if split not in self.exchanges:
            boot, clips = self.scorer.spec["bootstrap"], len(self.scorer.labels[split].clips)
            drawn = Exchanges.drawn(clips, boot["draws"], boot["seed"], split)
            self.exchanges[split] = drawn
        return self.exchanges[split]
