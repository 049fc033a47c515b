"""How much of time, size and memory a clip may take; beyond, it is quarantined.

The figures are ours: an utterance of any corpus stays far below, and what a damaged or hostile
file can cost stays bounded.
"""

from dataclasses import dataclass

LONGEST_S = 600.0
"""Length of a clip in seconds; a longer one is ``too_long`` and is not decoded further."""

MAX_PIXELS = 4096 * 4096
"""Width times height of a picture: 4K fits. Larger ones are ``too_large``."""


@dataclass(frozen=True)
class Limits:
    """What the decoding of one clip may take of the machine.

    Attributes:
        cpu_s: Seconds of computing, which a busy machine does not make more; then ``too_slow``.
        wall_s: Seconds by the clock, for a disk that does not answer; then ``too_slow``.
        memory: Bytes that the decoding process may allocate; then ``too_large``. 4K pictures in 10
            bits, with the sixteen that h264 may look back at, take about 1 GiB.
    """

    cpu_s: float = 300.0
    wall_s: float = 1800.0
    memory: int = 2 * 2**30


LIMITS = Limits()
