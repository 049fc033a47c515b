"""Which systems are compared with which: by what they are made of, never by their names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Definitions = Mapping[str, Mapping[str, Any]]
JDEV, BASELINE = "jdev", "baseline"


@dataclass(frozen=True)
class Form:
    """What a system is made of but for its name; of an ensemble, what its members are.

    Attributes:
        parts: Features and strategy of the system or of each member, sorted.
        ensemble: Whether it is one.
        variant: What stands behind the name in parentheses, e.g. ``equal weights``.
        decoders: Of the system or its members.
        losses: Of the system or its members.
    """

    parts: tuple[tuple[tuple[str, ...], int], ...]
    ensemble: bool
    variant: str
    decoders: frozenset[str]
    losses: frozenset[str]


def form(system: str, definitions: Definitions) -> Form | None:
    """Return the form of a system or ensemble; None where it is not defined, or in part.

    Args:
        system: Its name; a variant is called ``<system> (<what>)``.
        definitions: By name: ``features``, ``strategy``, ``decoder``, ``loss``, or ``members``.
    """
    name, _, variant = system.partition(" (")
    own = definitions.get(name, {})
    members = [definitions.get(member, {}) for member in own.get("members", [])] or [own]
    if any("features" not in one for one in members):
        return None
    return Form(
        tuple(sorted((tuple(sorted(one["features"])), one["strategy"]) for one in members)),
        "members" in own,
        variant,
        frozenset(one["decoder"] for one in members),
        frozenset(one["loss"] for one in members),
    )


def baseline_of(system: str, others: Iterable[str], definitions: Definitions) -> str | None:
    """Return the baseline that a system with the JDEV decoder is compared with, or None.

    It has the same features and strategy, an ensemble the same members but for their decoder.
    Of several it is the one with the loss of the paper's comparison (``sum`` where JDEV has
    ``paper``, else the same), or else with ``sum``, or else the first in ``params.yaml``.
    """
    made = form(system, definitions)
    if made is None or made.decoders != {JDEV}:
        return None
    wanted = frozenset({"sum"}) if made.losses == {"paper"} else made.losses
    declared = list(definitions)
    found = []
    for other in others:
        own = form(other, definitions)
        if own is None or own.decoders != {BASELINE}:
            continue
        if (own.parts, own.ensemble, own.variant) == (made.parts, made.ensemble, made.variant):
            place = declared.index(other.partition(" (")[0])
            found.append((own.losses != wanted, own.losses != {"sum"}, place, other))
    return min(found)[-1] if found else None


def other_strategies(system: str, others: Iterable[str], definitions: Definitions) -> list[str]:
    """Return the systems that differ by a lower strategy alone, sorted by it.

    An ensemble has none: its members' strategies are several.
    """
    made = form(system, definitions)
    if made is None or made.ensemble:
        return []
    ((features, strategy),) = made.parts
    found = []
    for other in others:
        own = form(other, definitions)
        if own is None or own.ensemble or _how(own) != _how(made):
            continue
        ((same, lower),) = own.parts
        if same == features and lower < strategy:
            found.append((lower, other))
    return [name for _, name in sorted(found)]


def _how(made: Form) -> tuple[frozenset[str], frozenset[str], str]:
    return made.decoders, made.losses, made.variant
