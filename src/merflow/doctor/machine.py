"""The machine: GPU, cores and memory against what the settings ask for."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from merflow.cache.sizes import readable
from merflow.corpus.finding import Finding
from merflow.doctor.amounts import Encoding, encodings, run_numbers, training_rows
from merflow.doctor.apart import apart
from merflow.doctor.case import Case
from merflow.errors import MerflowError

DEVICES = ("features", "probes", "fusion")
BASE = 0.6e9
"""Bytes of a job before it has loaded anything: Python, PyTorch, transformers (measured once)."""
WORKING = 1.0e9
"""Bytes that a full-size network computes in, with a minute of sound (ours, from above)."""
CGROUP = Path("/sys/fs/cgroup/memory.max")
NVIDIA = Path("/proc/driver/nvidia/gpus")


def look(case: Case) -> Iterator[Finding]:
    """Yield what the machine lacks; raises as :attr:`Case.lengths` where memory is not known."""
    yield from _gpu(case)
    yield _cores(case)
    yield _memory(case, encodings(case))


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _gpu(case: Case) -> Iterator[Finding]:
    asked = [section for section in DEVICES if case.config[section]["device"] == "cuda"]
    if asked:
        seen = apart(_cuda, limit_s=60)
        if not seen.items:
            yield Finding(
                "error",
                f"{' and '.join(asked)} want cuda, but this PyTorch sees no GPU"
                + (f" ({seen.trouble})" if seen.trouble else ""),
                f"set device to cpu in {', '.join(asked)}, or install a CUDA build of torch and "
                "the driver",
            )
        else:
            yield Finding("fine", f"GPU: {seen.items[0]}, for {', '.join(asked)}")
    elif NVIDIA.is_dir() and any(NVIDIA.iterdir()):
        yield Finding(
            "warning",
            "there is an NVIDIA GPU, but every device is cpu",
            "set features.device to cuda if PyTorch is a CUDA build",
        )


def _cuda() -> Iterator[str]:
    """Yield the GPU's name if PyTorch can use one."""
    import torch

    if torch.cuda.is_available():
        yield torch.cuda.get_device_name(0)


def _cores(case: Case) -> Finding:
    count, shards = cores(), case.config["corpus"]["shards"]
    clips = shards  # where the labels cannot be read, as is told above
    with suppress(MerflowError):
        clips = sum(case.counts.values())
    useful = max(1, min(count, clips))
    if shards < useful and case.with_clips and case.config["features"]["device"] == "cpu":
        return Finding(
            "warning",
            f"{count} cores, but corpus.shards is {shards}: no more jobs than that check and "
            "encode clips side by side",
            f"set corpus.shards to {useful}; it changes no result",
        )
    if shards > clips:
        return Finding(
            "warning",
            f"corpus.shards is {shards}, but there are {clips} clips: jobs without any cost their "
            "start of seconds alone",
            f"set corpus.shards to {useful}; it changes no result",
        )
    return Finding("fine", f"{count} cores, corpus.shards {shards}")


def free_memory() -> int:
    """Return the bytes that jobs can have: of the machine, or of the container if that is less."""
    free = psutil.virtual_memory().available
    try:
        limit = CGROUP.read_text().strip()
    except OSError:
        return free
    return min(free, int(limit)) if limit.isdigit() else free


def largest_job(case: Case, found: list[Encoding]) -> tuple[str, float, int]:
    """Return the job that takes most memory: its name, its bytes, how many run side by side."""
    shards = case.config["corpus"]["shards"]
    jobs = [
        (
            f"an extraction of {one.name}",
            BASE + 4.0 * one.parameters + (WORKING if one.parameters > 1e7 else 0.0),
            shards * len(found),
        )
        for one in found
    ]
    # All rows of the features of a group, once as read and once standardised.
    for runs in case.layout.groups.values():
        chosen = [case.layout.runs[run] for run in runs]
        rows = max(training_rows(case, run) for run in chosen)
        numbers = max(run_numbers(case, run) for run in chosen)
        size = BASE + 2 * 4.0 * (rows + sum(case.counts.values())) * numbers
        jobs.append(("a training of systems", size, len(case.layout.groups)))
    for one in found:
        if one.name in case.config["probes"]["encoders"]:
            size = BASE + 2 * 4.0 * sum(case.counts.values()) * one.numbers
            jobs.append((f"the probes of {one.name}", size, len(case.config["probes"]["encoders"])))
    return max(jobs, key=lambda job: job[1] * min(job[2], cores()))


def _memory(case: Case, found: list[Encoding]) -> Finding:
    name, size, count = largest_job(case, found)
    free, many = free_memory(), min(count, cores())
    said = f"{readable(round(size))} for {name}, up to {many} side by side; {readable(free)} free"
    if size > free:
        return Finding(
            "error",
            f"memory: about {said}: not even one has room",
            "take a machine with more memory, or smaller encoders",
        )
    if size * many > free:
        return Finding(
            "warning",
            f"memory: about {said}: together they have no room",
            f"call `snakemake --cores {max(1, int(free // size))}`",
        )
    return Finding("fine", f"memory: about {said}")
