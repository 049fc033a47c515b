"""The folders and files that ``params.yaml`` names."""

import csv
from pathlib import Path
from typing import Any

from merflow.encoders.sources import HOW_TO_GET
from merflow.errors import MerflowError
from merflow.settings.relations import uses_noise
from merflow.settings.sentences import FILE


def check_files(config: dict[str, Any]) -> None:
    """Check that the folders and files that ``params.yaml`` names exist, relative to the run.

    Raises :class:`MerflowError` that says what is missing, where it was looked for and how to
    get it.
    """
    corpus, noise, faces = config["corpus"], config["noise"], config["faces"]
    wanted = []
    if corpus["adapter"] == "table":
        wanted += [
            ("corpus.root", corpus["root"], "set it to the folder that holds your clips"),
            ("corpus.csv", corpus["csv"], "write a csv with the columns path and emotion"),
        ]
    if noise["source"] == "folder" and uses_noise(config):
        wanted.append(
            ("noise.root", noise["root"], "get MUSAN from openslr.org/17 or name a folder of wav")
        )
    if faces["backend"] == "yunet":
        wanted.append(
            ("faces.yunet.path", faces["yunet"]["path"], "get it from the OpenCV Zoo, models/")
        )
    wanted += [
        (f"features.encoders.{name}.weights", spec["weights"], HOW_TO_GET[spec["architecture"]])
        for name, spec in config["features"]["encoders"].items()
        if spec["weights"] != "demo"
    ]
    for key, path, advice in wanted:
        if not Path(path).exists():
            raise MerflowError(
                f"{FILE}: {key} is {str(path)!r}, but there is nothing at {Path(path).absolute()}; "
                f"{advice}"
            )


def listed_clips(csv_path: str, root: str) -> list[str]:
    """Return the existing clips that a ``table`` csv names, as paths for the graph to watch.

    Clips that are missing or lie outside ``root`` are left to the check of the corpus, which
    quarantines them.
    """
    with Path(csv_path).open(encoding="utf-8-sig", newline="") as stream:
        names = [row.get("path") or "" for row in csv.DictReader(stream)]
    base = Path(root).resolve()
    paths = ((Path(root) / name, (base / name).resolve()) for name in names if name)
    return sorted({str(p) for p, real in paths if real.is_relative_to(base) and real.is_file()})
