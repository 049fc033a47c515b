"""Loading an encoder by the name of its architecture."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from merflow.encoders.encoder import Encoder
from merflow.encoders.registry import kind_of


def load(kind: str, spec: Mapping[str, Any], path: str | Path | None) -> Encoder:
    """Return a loaded encoder.

    Args:
        kind: A key of :data:`merflow.encoders.registry.KINDS`.
        spec: The encoder's settings from ``features.encoders``; ``device`` is ``cpu`` by default.
        path: The weight file, for speech networks its folder (also where ``weights`` is ``demo``);
            None for an encoder without weights.

    Raises:
        MerflowError: The kind is unknown, or the weights are missing, damaged, or others.
    """
    module = importlib.import_module(f"merflow.encoders.{kind_of({'architecture': kind}).module}")
    return module.load({**spec, "architecture": kind}, None if path is None else Path(path))
