"""What a step takes on a core: as measured once (docs), for lack of a measurement here.

All of them were taken on one thread of an Intel Xeon with AVX-512 and AMX, on clips of 4 s with
5 faces a second: docs/encoders.md, "What it costs", and docs/training.md, "Speed".
"""

from collections.abc import Mapping
from typing import Any

DOUBT = 2.0
"""Another CPU may take half or twice as long (ours)."""

CLIP_S, FACES = 4.0, 20
# Architecture -> precision -> clips a second.
SPEECH = {"float32": 0.73, "bfloat16": 1.6}
SPEECH_PARAMETERS = 315_435_136
FACE = {
    "resnet50_ferplus": {"float32": 0.80, "bfloat16": 1.9},
    "manet": {"float32": 0.83, "bfloat16": 2.4},
}
TRAINED_ON = 3373
"""Training clips of the table that trainings were measured on."""
WIDTH, EPOCHS = 128, 100
# Seconds of one model (a layer and fold; a system, fold and seed).
PROBE = {"linear": 27.7 / 180, "patience": 124 / 180, "all": 665 / 180}
SYSTEM = {"patience": 433 / 150, "all": 2944 / 150}


def speech_s(parameters: int, precision: str) -> float | None:
    """Return core seconds for a second of sound; networks of other sizes in proportion."""
    rate = SPEECH.get(precision)
    return None if rate is None else parameters / SPEECH_PARAMETERS / rate / CLIP_S


def face_s(architecture: str, precision: str) -> float | None:
    """Return core seconds for one face crop."""
    rate = FACE.get(architecture, {}).get(precision)
    return None if rate is None else 1 / rate / FACES


def probe_s(kind: str, training: Mapping[str, Any], rows: int, width: int) -> float:
    """Return core seconds of one probe of a layer, for one fold and seed."""
    if kind == "linear":
        return PROBE["linear"] * rows / TRAINED_ON
    return _trained(PROBE, training, rows, width)


def system_s(training: Mapping[str, Any], rows: int, width: int) -> float:
    """Return core seconds of one system, for one fold and seed."""
    return _trained(SYSTEM, training, rows, width)


def _trained(
    table: Mapping[str, float], training: Mapping[str, Any], rows: int, width: int
) -> float:
    """Scale a measured training by rows, width and, without patience, epochs."""
    scale = rows / TRAINED_ON * max(width / WIDTH, 0.25)
    if training["patience"] is None:
        return table["all"] * scale * training["epochs"] / EPOCHS
    return table["patience"] * scale
