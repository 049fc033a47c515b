"""Whether a file that came from elsewhere is one that the loader would take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from merflow.encoders.checkpoint import fit, read_state
from merflow.encoders.registry import kind_of
from merflow.encoders.stock.sizes import face_network
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256


def verified(file: Path, spec: Mapping[str, Any], source: str, promised: str | None) -> str:
    """Return the sha256 of a fetched file and what was found in it, as lines.

    Args:
        file: The file, under whatever name it has until it is accepted.
        spec: The settings of its encoder.
        source: Where it came from, for errors.
        promised: The sha256 that the source itself states, if it does.

    Raises:
        MerflowError: It has another digest than declared or promised, is damaged, holds something
            else than weights, or the weights of another network. Its path is in no sentence.
    """
    digest, declared = file_sha256(file), spec.get("sha256")
    if declared is not None and digest != declared.strip().lower():
        raise MerflowError(
            f"what {source} sent has sha256 {digest}, but params.yaml declares {declared}, so it "
            "was not kept: name the source of the declared file, or pin the new digest if you "
            "mean this one"
        )
    if promised is not None and digest != promised:
        raise MerflowError(
            f"what {source} sent has sha256 {digest} instead of {promised}, so it was damaged on "
            "the way and not kept: fetch it again"
        )
    try:
        found = _read(file, str(spec["architecture"]))
    except MerflowError as error:
        said = str(error).replace(str(file), f"what {source} sent")
        raise MerflowError(f"{said}; it was not kept") from error
    if declared:
        return f"{found}\n  sha256 {digest}, as pinned"
    return f"{found}\n  not pinned yet; if you trust where it came from, write\n  sha256: {digest}"


def _read(file: Path, architecture: str) -> str:
    """Read a weight file as the loader does; names and shapes of a face network are compared."""
    state = read_state(file, architecture)
    if kind_of({"architecture": architecture}).module == "speech":
        # Bare encoders of several kinds share their names: the model_type tells them apart.
        return f"{len(state)} tensors"
    with torch.device("meta"):
        built = face_network(architecture)()
    fit(built, state, file, architecture)
    return f"{len(state)} tensors, all names and shapes are those of {architecture}"
