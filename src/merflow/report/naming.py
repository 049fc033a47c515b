"""What the metrics of a corpus are called, and which of them tables show: the one place for both.

A corpus has Com where its labels are on MER 2023's scale (``corpus.com``): its tables have the
paper's Dis, Dim and Com. Elsewhere Com is not defined: they have Dis, and of the valence the MSE in
the labels' own units and CCC. A valence that is derived from emotion votes carries its own name in
every file, so that nobody takes it for a true one (FACTS 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from merflow.report.paper import SHORT

SETTINGS = ("valence", "com", "valence_name")
"""What a command is told so that it knows the names."""
VALENCE = "valence"
OF_VALENCE = frozenset({"mse", "rmse", "ccc", "pearson"})


@dataclass(frozen=True)
class Naming:
    """The names of a corpus's metrics.

    A *key* names a metric in JSON and in the csv of all scores; a *heading* in tables.

    Attributes:
        com: Whether the corpus has Com.
        valence: What its valence is called; None where it has none.
    """

    com: bool
    valence: str | None

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Naming":
        """Return the names that the :data:`SETTINGS` ask for."""
        has = bool(spec["valence"])
        return cls(has and bool(spec["com"]), spec["valence_name"] if has else None)

    def key(self, metric: str) -> str:
        """Return the key of a metric: ``valence_proxy_mse``, while a true valence has ``mse``."""
        other = self.valence not in (None, VALENCE)
        return f"{self.valence}_{metric}" if other and metric in OF_VALENCE else metric

    def has(self, metric: str) -> bool:
        """Return whether the corpus has a metric: all but Com are for every corpus."""
        return self.com or metric != "com"

    @property
    def headings(self) -> dict[str, str]:
        """Heading of what is shown, by key and in the order of the columns.

        A split whose labels have no valence is scored by the first alone.
        """
        if self.com:
            return dict(SHORT)
        found = {"weighted_f1": SHORT["weighted_f1"]}
        if self.valence is not None:
            found |= {self.key(name): f"{self.valence} {name.upper()}" for name in ("mse", "ccc")}
        return found

    @property
    def keys(self) -> dict[str, str]:
        """Key of what is shown, by heading."""
        return {heading: key for key, heading in self.headings.items()}

    @property
    def main(self) -> str:
        """Heading of what epochs, settings and weights are chosen by."""
        return self.headings["com" if self.com else "weighted_f1"]

    def less_is_better(self, name: str) -> bool:
        """Return whether a lower value of a key or heading is the better one."""
        mse = self.key("mse")
        return name in (mse, self.headings.get(mse))

    def with_arrow(self, heading: str) -> str:
        """Return a heading and an arrow to where values are better."""
        return f"{heading} {'↓' if self.less_is_better(heading) else '↑'}"

    def told(self) -> str:
        """Return what the headings mean, in a sentence."""
        if self.com:
            return (
                "Dis is the F1 weighted by class, Dim the mean squared error of the valence, "
                "Com = Dis - 0.25 Dim."
            )
        if self.valence is None:
            return "Dis is the F1 weighted by class. This corpus has no valence."
        _, mse, ccc = self.headings.values()
        return (
            f"Dis is the F1 weighted by class, {mse} the mean squared error in the labels' own "
            f"units, {ccc} the concordance correlation coefficient (Lin 1989; 1 is best, 0 that of "
            "a constant). There is no Com here, as MER 2023 defines it for its scale of -5 to 5 "
            "alone."
        )

    def warning(self) -> str:
        """Return what must be known of a valence that is no true one; nothing of a true one."""
        if self.valence in (None, VALENCE):
            return ""
        return (
            f"{self.valence} is derived from the votes on the emotion, so that a gain of JDEV in "
            "it is partly by construction; it is never pooled with true valence."
        )


CHALLENGE = Naming(True, VALENCE)
"""As MER 2023 has it."""
