"""What is known of a clip's face as a whole, beside its track."""

import json
from dataclasses import asdict, dataclass, fields

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True)
class Facts:
    """How the face of a clip was chosen, and what was in the way.

    Attributes:
        person: What the person was chosen by: ``largest``, ``central`` or ``speaking``; ``given``
            for pictures that somebody else has cut out.
        persons: How many persons were seen.
        returns: How often the person was found again by looks, after a cut or an absence.
        switches: How often the face that was found again looks unlike the one before.
        cuts: How many cuts were seen.
        left_out: Pictures that were not used, of ``given`` ones.
        reason: Why there is no face, why the person was not chosen as asked for, or which given
            pictures are of one frame; else empty.
    """

    person: str
    persons: int = 0
    returns: int = 0
    switches: int = 0
    cuts: int = 0
    left_out: int = 0
    reason: str = ""


COLUMNS = tuple(field.name for field in fields(Facts))


def to_bytes(facts: Facts) -> UInt8[np.ndarray, "length"]:
    """Return the facts as the bytes of JSON, for a file of arrays.

    Filled up with blanks to a multiple of 8, so that the arrays behind it stay aligned.
    """
    text = json.dumps(asdict(facts), sort_keys=True).encode()
    return np.frombuffer(text + b" " * (-len(text) % 8), dtype=np.uint8)


def from_bytes(told: UInt8[np.ndarray, "length"]) -> Facts:
    """Return the facts of :func:`to_bytes`."""
    return Facts(**json.loads(told.tobytes()))
