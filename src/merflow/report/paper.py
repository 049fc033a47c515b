"""The sixty numbers of the paper's Table 1, and the check of their arithmetic.

Source: arXiv 2309.07925, Table 1. "Com" is weighted F1 - 0.25 MSE, so it follows from the two
rows above it on Train&Val; on MER-MULTI and MER-NOISE the paper prints Com alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

# The paper's names of the metrics.
SHORT = {"weighted_f1": "Dis", "mse": "Dim", "com": "Com"}
CELLS = (
    ("Train&Val", "Dis"),
    ("Train&Val", "Dim"),
    ("Train&Val", "Com"),
    ("MER-MULTI", "Com"),
    ("MER-NOISE", "Com"),
)
# As printed, in the order of CELLS, keyed by the names that params.yaml gives these systems.
PRINTED = {
    "mr_rf-baseline": ("0.6085", "1.2291", "0.3012", "0.3072", "0.2984"),
    "mr_rf-jdev": ("0.6170", "1.1890", "0.3198", "0.3171", "0.3074"),
    "hl-baseline": ("0.6995", "0.9568", "0.4603", "0.4997", "0.4933"),
    "hl-jdev": ("0.7051", "0.9297", "0.4727", "0.5184", "0.4934"),
    "all_s1-baseline": ("0.7743", "0.6750", "0.6056", "0.6675", "0.6110"),
    "all_s1-jdev": ("0.7811", "0.6176", "0.6267", "0.6779", "0.6178"),
    "all_s2-baseline": ("0.7769", "0.6714", "0.6091", "0.6550", "0.6066"),
    "all_s2-jdev": ("0.7789", "0.6339", "0.6204", "0.6656", "0.6166"),
    "all_s3-baseline": ("0.7735", "0.6659", "0.6070", "0.6618", "0.6058"),
    "all_s3-jdev": ("0.7795", "0.6315", "0.6216", "0.6693", "0.6125"),
    "fused-baseline": ("0.7865", "0.6364", "0.6247", "0.6787", "0.6162"),
    "fused-jdev": ("0.7936", "0.6138", "0.6402", "0.6846", "0.6303"),
}
Definitions = Mapping[str, Mapping[str, Any]]
AUDIO = {"HL(18)", "HL(19)", "HL(20)"}
VISUAL = {"MR(block2)", "RF(pooling)"}
# Decoders, and the loss that each is read to have (docs/paper.md, readings 10 and 11).
LOSSES = {"baseline": "sum", "jdev": "paper"}
# Features, strategy, decoder and loss of the paper's systems.
SYSTEMS = {
    f"{stem}-{decoder}": (features, strategy, decoder, loss)
    for stem, features, strategy in (
        ("mr_rf", VISUAL, 1),
        ("hl", AUDIO, 1),
        *((f"all_s{number}", AUDIO | VISUAL, number) for number in (1, 2, 3)),
    )
    for decoder, loss in LOSSES.items()
}
ENSEMBLES = {
    frozenset(f"all_s{number}-{decoder}" for number in (1, 2, 3)): f"fused-{decoder}"
    for decoder in LOSSES
}
# Printed Dis and Com are off by up to half of .0001 each, Dim by a quarter of that.
TOLERANCE = Decimal("0.0001125")


@dataclass(frozen=True)
class Figure:
    """One number of the paper.

    Attributes:
        printed: As the paper prints it.
        recomputed: Com from the printed Dis and Dim, rounded alike; None for other cells.
        exact: The same, not rounded.
    """

    printed: Decimal
    recomputed: Decimal | None = None
    exact: Decimal | None = None

    @property
    def misprint(self) -> bool:
        """Whether no Dis and Dim that round to the printed ones give the printed Com."""
        return self.exact is not None and abs(self.printed - self.exact) > TOLERANCE

    @property
    def value(self) -> Decimal:
        """What to compare with: the recomputed number where the printed one is a misprint."""
        return self.recomputed if self.misprint and self.recomputed else self.printed


def figure(system: str, row: str, metric: str) -> Figure | None:
    """Return the paper's number for a cell of Table 1, or None where it has none."""
    if system not in PRINTED or (row, metric) not in CELLS:
        return None
    cells = dict(zip(CELLS, map(Decimal, PRINTED[system]), strict=True))
    printed = cells[row, metric]
    if metric != "Com" or (row, "Dis") not in cells:
        return Figure(printed)
    exact = cells[row, "Dis"] - cells[row, "Dim"] / 4
    return Figure(printed, exact.quantize(Decimal("0.0001"), ROUND_HALF_UP), exact)


def paper_name(system: str, definitions: Definitions | None) -> str | None:
    """Return the name in :data:`PRINTED` of what the paper calls a system, or None.

    Args:
        system: Name of our system.
        definitions: Of our systems by name: ``features``, ``strategy``, ``decoder`` and, if the
            loss is to count too, ``loss``; of ensembles ``members``. None matches by name alone.
    """
    if definitions is None:
        return system if system in PRINTED else None
    own = definitions.get(system, {})
    if "members" in own:
        known = (paper_name(name, definitions) for name in own["members"])
        members = frozenset(name for name in known if name is not None)
        return ENSEMBLES.get(members) if len(members) == len(own["members"]) else None
    for name, (features, strategy, decoder, loss) in SYSTEMS.items():
        same = set(own.get("features", ())) == features and own.get("strategy") == strategy
        if same and own.get("decoder") == decoder and own.get("loss", loss) == loss:
            return name
    return None
