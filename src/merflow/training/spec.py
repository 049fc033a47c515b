"""Settings of a training as a command receives them, checked key by key."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
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


SELECTIONS = {"folds": "folds", "inner": "inner"}
PRECISIONS = {"float32": "float32", "bfloat16": "bfloat16"}
CHOICES = ("learning_rate", "width", "dropout")


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        width: D, the dimension that features are aligned to.
        dropout: Share of the aligned units that are zeroed in training.
        epochs: Passes over the training part, at most.
        patience: Training ends so many epochs after the last that the honest reading keeps for any
            fold; None: never.
        batch: Clips a step.
        learning_rate: Adam's.
        weight_decay: Adam's L2 term; uncertainty parameters have none.
        selection: Where the honest reading looks: ``folds``, the other folds' held-out curves, or
            ``inner``, a further fold that the model does not train on.
        precision: Of the products of DA-Mat: ``float32`` or ``bfloat16``.
        seeds: One training each.
    """

    width: int
    dropout: float
    epochs: int
    patience: int | None
    batch: int
    learning_rate: float
    weight_decay: float
    selection: str
    precision: str
    seeds: tuple[int, ...]

    @classmethod
    def from_spec(cls, spec: Spec) -> "Training":
        """Check and return ``spec["training"]`` where it leaves no choice.

        Raises:
            MerflowError: A setting is bad, or lists several values.
        """
        (only,) = cls.candidates(spec)
        return only

    @classmethod
    def candidates(cls, spec: Spec) -> tuple["Training", ...]:
        """Check ``spec["training"]``; return every choice that it leaves, in the listed order.

        Raises:
            MerflowError: A setting is missing or bad.
        """
        section = require(spec, "training")
        for key in ("epochs", "batch"):
            value = require(section, key)
            _demand(_whole(value) and value >= 1, key, value, "a whole number of 1 or more")
        patience = require(section, "patience")
        fine = patience is None or (_whole(patience) and patience >= 1)
        _demand(fine, "patience", patience, "a whole number of 1 or more, or null")
        _demand_number(section, "weight_decay", "of 0 or more", 0.0, math.inf)
        choose(section, "selection", SELECTIONS)
        choose(section, "precision", PRECISIONS)
        seeds = require(section, "seeds")
        fine = isinstance(seeds, list) and seeds and all(_whole(seed) for seed in seeds)
        _demand(
            fine and len(set(seeds)) == len(seeds), "seeds", seeds, "a list of distinct integers"
        )
        found = []
        for chosen in product(*(_listed(section, key) for key in CHOICES)):
            one = {**section, **dict(zip(CHOICES, chosen, strict=True))}
            width = one["width"]
            _demand(_whole(width) and width >= 1, "width", width, "a whole number of 1 or more")
            _demand_number(one, "dropout", "from 0 to below 1", 0.0, 1.0)
            _demand_number(one, "learning_rate", "above 0", math.nextafter(0.0, 1.0), math.inf)
            named = {key: one[key] for key in cls.__annotations__ if key != "seeds"}
            found.append(cls(**named | {"seeds": tuple(seeds)}))
        return tuple(found)

    def settings(self) -> dict[str, Any]:
        """Return the settings but the seeds, by name."""
        return {key: value for key, value in vars(self).items() if key != "seeds"}


def _listed(section: Spec, key: str) -> list[Any]:
    """Return a setting's choices; one value is the only choice."""
    value = require(section, key)
    if not isinstance(value, list):
        return [value]
    fine = value and len(set(map(repr, value))) == len(value)
    _demand(fine, key, value, "one value, or a list of distinct ones")
    return value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _demand_number(section: Spec, key: str, words: str, low: float, high: float) -> None:
    value = require(section, key)
    fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value < high
    _demand(fine, key, value, f"a number {words}")


def _demand(fine: Any, key: str, value: Any, wanted: str) -> None:
    if not fine:
        raise MerflowError(f"the setting training.{key} is {value!r}: set it to {wanted}")
