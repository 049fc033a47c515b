"""Reading weight files without running anything that is inside them."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from merflow.encoders.sources import HOW_TO_GET, recognise
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256


class Inert:
    """Takes the place of a pickled object that is not needed: accepts anything, does nothing."""

    def __init__(self, *ignored: Any) -> None:
        """Drop the arguments."""

    def __setstate__(self, state: Any) -> None:
        """Drop the pickled state."""


# MA-Net's training script pickled its accuracy curves (a class of its own __main__ that holds two
# NumPy arrays) beside the weights. Names old and new NumPy write are replaced, never imported.
MANET_EXTRAS = (
    "__main__.RecorderMeter",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
)


def checked_digest(path: Path, architecture: str, declared: str | None, pin: bool = True) -> str:
    """Return the sha256 of a weight file after comparing it with the declared one.

    Args:
        path: The weight file; nothing in it is parsed here.
        architecture: Named in the advice when the file is missing.
        declared: Hex sha256 from ``params.yaml``, or None if nobody has verified one.
        pin: If nothing is declared, print the digest and ask to pin it.

    Raises:
        MerflowError: The file is missing or is another file than the declared one.
    """
    if not path.is_file():
        found = "a folder is there" if path.is_dir() else "nothing is there"
        raise MerflowError(
            f"the weights of {architecture} were looked for at {path} and {found}: "
            f"{HOW_TO_GET[architecture]}, then set the encoder's weights to the file's path"
        )
    digest = file_sha256(path)
    if declared is None:
        if pin:
            print(
                f"{path}: sha256 {digest} is not pinned; if you trust where the file came from, "
                "set the encoder's sha256 in params.yaml to it"
            )
    elif digest != declared.strip().lower():
        raise MerflowError(
            f"the weights {path} have sha256 {digest}, but params.yaml declares {declared}: "
            "get the declared file, or pin the new digest if you mean this one"
        )
    return digest


def read_state(path: Path, architecture: str) -> dict[str, Tensor]:
    """Return the tensors of a weight file by name, floating point as float32, on the CPU.

    Reads safetensors (by suffix) or PyTorch files (zip or the older format), flat or under
    ``state_dict``; a prefix ``module.`` is dropped. Nothing pickled is executed.

    Raises:
        MerflowError: The file is damaged, holds no weights, or holds other objects.
    """
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path, architecture)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise MerflowError(f"{path} holds no named weights: {_advice(architecture)}")
    state = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise MerflowError(
                f"{path} holds something else than weights under '{name}': {_advice(architecture)}"
            )
        state[name.removeprefix("module.")] = value.float() if value.is_floating_point() else value
    return state


def fit(network: nn.Module, state: Mapping[str, Tensor], path: Path, architecture: str) -> None:
    """Put a state dict into a network (on the meta device) if every name and shape agrees.

    ``num_batches_tracked`` may be missing: PyTorch before 0.4.1 did not write it, and it has no
    part in the forward pass.

    Raises:
        MerflowError: Names or shapes differ; nothing is loaded then.
    """
    expected = network.state_dict()
    given = dict(state)
    for name in expected:
        if name.endswith("num_batches_tracked"):
            given.setdefault(name, torch.zeros((), dtype=torch.long))
    missing = [name for name in expected if name not in given]
    extra = [name for name in given if name not in expected]
    misshapen = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(value.shape)}"
        for name, value in expected.items()
        if name in given and given[name].shape != value.shape
    ]
    complain(path, architecture, state, missing, extra, misshapen)
    network.load_state_dict(given, assign=True)
    network.requires_grad_(False).eval()


def complain(
    path: Path,
    architecture: str,
    state: Mapping[str, Tensor],
    missing: list[str],
    extra: list[str],
    misshapen: list[str],
) -> None:
    """Raise one sentence about names and shapes that do not agree, if there are any."""
    faults = [
        f"{len(names)} {kind} ({_first(names)})"
        for kind, names in (("missing", missing), ("unexpected", extra), ("misshapen", misshapen))
        if names
    ]
    if not faults:
        return
    other = recognise(state)
    if other is not None and other != architecture:
        raise MerflowError(
            f"{path} is a checkpoint of {other}, not of {architecture}: "
            f"{_advice(architecture)}, or correct the encoder's architecture"
        )
    raise MerflowError(
        f"the weights {path} do not fit {architecture}: {', '.join(faults)}; nothing was loaded: "
        f"{_advice(architecture)}"
    )


def _first(names: list[str], count: int = 3) -> str:
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")


def _advice(architecture: str) -> str:
    return HOW_TO_GET.get(architecture, "get the public checkpoint again")


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise MerflowError(
            f"{path} is damaged or is not a safetensors file ({error}): get it again"
        ) from error


def _pickled(path: Path, architecture: str) -> Any:
    try:
        with torch.serialization.safe_globals([(Inert, name) for name in MANET_EXTRAS]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        if named:
            raise MerflowError(
                f"{path} holds the Python object {named[1]}, which could run code, so nothing of "
                f"it was loaded: {_advice(architecture)}"
            ) from error
        raise _damaged(path) from error
    except Exception as error:  # torch raises whatever its readers stumble over in a damaged file
        raise _damaged(path) from error


def _damaged(path: Path) -> MerflowError:
    return MerflowError(f"{path} is damaged or is not a PyTorch weight file: get it again")
