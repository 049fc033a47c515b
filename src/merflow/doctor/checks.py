"""The checks: which there are, in which order, and what each needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from merflow.corpus.finding import Finding
from merflow.doctor import content, disk, faces, files, hours, labels, machine, noise, weights
from merflow.doctor.case import Case


@dataclass(frozen=True)
class Check:
    """One section of what the doctor prints.

    Attributes:
        title: Its first line.
        needs: Sections of ``params.yaml`` that must have the right form.
        look: Yields the findings.
        amount: What it estimates, which takes clips whose number and lengths are known.
    """

    title: str
    needs: tuple[str, ...]
    look: Callable[[Case], Iterable[Finding]]
    amount: str = ""


EVERY = ("corpus", "faces", "noise", "features", "probes", "fusion", "ensemble", "report")

CHECKS = (
    Check("folders and files", (), files.look),
    Check("labels", ("corpus",), labels.look),
    Check("clips", ("corpus",), content.look),
    Check("faces", ("corpus", "faces", "features"), faces.look),
    Check("noise", ("noise", "fusion", "report"), noise.look),
    Check("encoders", ("corpus", "features"), weights.look),
    Check("machine", EVERY, machine.look, "memory"),
    Check("disk", EVERY, disk.look, "room"),
    Check("hours", EVERY, hours.look, "hours"),
)
