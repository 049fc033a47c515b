"""Settings of a training as a command receives them, checked key by key."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from merflow.errors import MerflowError

Spec = Mapping[str, Any]


def require_all(spec: Spec, *keys: str) -> Spec:
    """Return the settings, or raise a :class:`MerflowError` that names the first missing key."""
    for key in keys:
        require(spec, key)
    return spec


def require(spec: Spec, key: str) -> Any:
    """Return one setting, or raise a :class:`MerflowError` that names the missing key."""
    if key not in spec:
        raise MerflowError(
            f"the setting '{key}' is missing from --spec beside "
            f"{', '.join(map(repr, spec)) or 'nothing'}: add it"
        )
    return spec[key]


def choose(spec: Spec, key: str, allowed: Mapping[Any, Any]) -> Any:
    """Return ``allowed[spec[key]]``, or raise a :class:`MerflowError` that lists the choices."""
    value = require(spec, key)
    if not isinstance(value, str | int) or value not in allowed:
        raise MerflowError(
            f"the setting '{key}' is {value!r}: set it to one of {', '.join(map(str, allowed))}"
        )
    return allowed[value]


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        width: D, the dimension that features are aligned to.
        dropout: Share of the aligned units that are zeroed in training.
        epochs: Passes over the training part.
        batch: Clips a step.
        learning_rate: Adam's.
        weight_decay: Adam's L2 term; uncertainty parameters have none.
        seeds: One training each.
    """

    width: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    seeds: tuple[int, ...]

    @classmethod
    def from_spec(cls, spec: Spec) -> "Training":
        """Check and return ``spec["training"]``; raises :class:`MerflowError` if one is bad."""
        section = require(spec, "training")
        for key in ("width", "epochs", "batch"):
            value = require(section, key)
            _demand(_whole(value) and value >= 1, key, value, "a whole number of 1 or more")
        _demand_number(section, "dropout", "from 0 to below 1", 0.0, 1.0)
        _demand_number(section, "learning_rate", "above 0", math.nextafter(0.0, 1.0), math.inf)
        _demand_number(section, "weight_decay", "of 0 or more", 0.0, math.inf)
        seeds = require(section, "seeds")
        fine = isinstance(seeds, list) and seeds and all(_whole(seed) for seed in seeds)
        _demand(
            fine and len(set(seeds)) == len(seeds), "seeds", seeds, "a list of distinct integers"
        )
        return cls(
            **{key: section[key] for key in cls.__annotations__ if key != "seeds"}
            | {"seeds": tuple(seeds)}
        )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _demand_number(section: Spec, key: str, words: str, low: float, high: float) -> None:
    value = require(section, key)
    fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value < high
    _demand(fine, key, value, f"a number {words}")


def _demand(fine: Any, key: str, value: Any, wanted: str) -> None:
    if not fine:
        raise MerflowError(f"the setting training.{key} is {value!r}: set it to {wanted}")
