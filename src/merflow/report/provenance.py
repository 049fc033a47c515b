"""What a run was made with: versions, machine, commit, weights, and the time of each rule."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.report.clips import clip_counts
from merflow.report.times import rule_times
from merflow.storage.digest import file_sha256

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".onnx")


def versions(local: bool = True) -> dict[str, str]:
    """Return the versions of Python, of merflow and of the packages that it needs.

    Args:
        local: Whether to keep local parts such as ``+cpu``, which differ between machines.
    """
    needed = [text for text in metadata.requires("merflow") or [] if "extra ==" not in text]
    names = ["merflow", *(re.split(r"[^\w.-]", text)[0] for text in needed)]
    found = {"python": platform.python_version()}
    found |= {name: metadata.version(name) for name in names}
    return {n: v if local else v.split("+")[0] for n, v in sorted(found.items())}


def _output(*command: str) -> str | None:
    """Return what a program prints, or None if it is absent or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def git_state() -> dict[str, Any]:
    """Return the commit of the working folder and whether tracked files differ from it."""
    commit = _output("git", "rev-parse", "HEAD")
    changes = _output("git", "status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "changed": None if changes is None else bool(changes)}


def cpu_model() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def gpus() -> list[str]:
    """Return the names of the GPUs that the driver shows; none without a driver."""
    listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return [line.strip() for line in listed.splitlines() if line.strip()] if listed else []


def weight_file(path: Path) -> Path:
    """Return the weight file of a checkpoint: the file itself, or the one in a folder.

    Raises:
        MerflowError: There is none, or it is not clear which it is.
    """
    if path.is_file():
        return path
    for name in WEIGHT_FILES:
        if (path / name).is_file():
            return path / name
    found = sorted(p for p in path.glob("*") if p.suffix in WEIGHT_SUFFIXES and p.is_file())
    if len(found) != 1:
        raise MerflowError(
            f"{path} holds {len(found)} weight files where one is needed: name the file itself"
        )
    return found[0]


def run_record(
    spec: Mapping[str, Any], benchmarks: Path, weights: Mapping[str, Path]
) -> dict[str, Any]:
    """Return ``run.json``: what ran where, with which weights, and what it cost.

    Args:
        spec: ``corpus``, ``seeds``, ``present`` digests; the command stands in the environment.
        benchmarks: See :func:`merflow.report.times.rule_times`.
        weights: File or folder of each checkpoint.
    """
    return {
        "corpus": spec["corpus"],
        "command": os.environ.get("MERFLOW_COMMAND"),
        "cpu": {"model": cpu_model(), "cores": os.cpu_count()},
        "git": git_state(),
        "gpus": gpus(),
        "rules": rule_times(benchmarks, spec["present"]),
        "seeds": spec["seeds"],
        "system": platform.platform(),
        "versions": versions(),
        "weights": {
            name: {"sha256": file_sha256(file), "file": file.name}
            for name, file in ((name, weight_file(path)) for name, path in weights.items())
        },
    }


def corpus_record(
    spec: Mapping[str, Any], manifest: Path, clips: pd.DataFrame, quarantine: pd.DataFrame
) -> dict[str, Any]:
    """Return the committed manifest: versions, counts and digests; no clip, time, host or path.

    Classes are not counted: that would be label information of a licensed corpus.

    Args:
        spec: ``corpus``, ``digests`` (of the settings, by name).
        manifest: The manifest file, for its digest.
        clips: The same, read.
        quarantine: From :func:`merflow.report.clips.read_quarantine`.
    """
    return {
        "clips": clip_counts(clips, quarantine),
        "corpus": spec["corpus"],
        "digests": {**spec["digests"], "manifest_sha256": file_sha256(manifest)},
        "versions": versions(local=False),
    }
