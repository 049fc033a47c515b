"""The folders and files that ``params.yaml`` names."""

from pathlib import Path
from typing import Any

from merflow.corpus.label_file import listed_clips
from merflow.encoders.sources import HOW_TO_GET, weights_path
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
        (f"features.encoders.{name}.weights", weights_path(spec["weights"]), _how_to_get(spec))
        for name, spec in config["features"]["encoders"].items()
        if spec.get("weights", "demo") != "demo"
    ]
    for key, path, advice in wanted:
        if "{" in str(path) or "}" in str(path):
            raise MerflowError(
                f"{FILE}: {key} is {str(path)!r}; allowed: a path without braces, which Snakemake "
                "takes for wildcards"
            )
        if not Path(path).exists():
            raise MerflowError(
                f"{FILE}: {key} is {str(path)!r}, but there is nothing at {Path(path).absolute()}; "
                f"{advice}"
            )


def _how_to_get(spec: dict[str, Any]) -> str:
    return f"{HOW_TO_GET[spec['architecture']]}; `merflow encoders fetch` gets what can be got"


def clips_to_watch(config: dict[str, Any]) -> dict[str, str]:
    """Return clip -> path of the user's clips that exist, for the graph to watch; {} for the demo.

    Paths with braces are left out: Snakemake would take these for wildcards. The clips are used.

    Raises:
        MerflowError: The csv cannot be read.
    """
    corpus = config["corpus"]
    if corpus["adapter"] == "demo":
        return {}
    clips = listed_clips(Path(corpus["csv"]), Path(corpus["root"]))
    return {clip: path for clip, path in clips.items() if not set("{}") & set(path)}
