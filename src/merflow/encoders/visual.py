"""Frozen networks that look at face crops, one frame at a time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from merflow.encoders.checkpoint import checked_digest, fit, read_state
from merflow.encoders.device import device_of
from merflow.encoders.encoder import Encoder, Vectors
from merflow.errors import MerflowError

Crops = UInt8[np.ndarray, "frames height width 3"]
Recipe = Callable[[Crops], Float[Tensor, "frames 3 224 224"]]
CHUNK = 16  # frames a forward pass; fixed, so that a clip's result is the same in any company


def resized(crop: UInt8[np.ndarray, "h w 3"], height: int, width: int) -> np.ndarray:
    """Return a crop resized with Pillow's bilinear filter, uint8 [height, width, 3]."""
    return np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR))


def planes(pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """Return pixels 0..255 as float32 planes."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float()


class VisualEncoder(Encoder):
    """A network with its preprocessing; a clip's vector is the mean over its frames."""

    modality: Literal["visual"] = "visual"

    def __init__(
        self, network: nn.Module, recipe: Recipe, layers: list[str], digest: str, device: str
    ) -> None:
        """Put the network on its device; ``recipe`` makes its input from crops."""
        self.layers, self.digest = layers, digest
        self._device = device_of(device)
        # PyTorch's declaration of Module.to leaves memory_format out.
        self._network = network.eval().to(  # type: ignore[call-overload]
            self._device, memory_format=torch.channels_last
        )
        self._recipe = recipe

    def encode_prepared(self, prepared: Sequence[Any]) -> list[Vectors]:
        """Encode one clip after the other."""
        return [self.encode_clip(clip) for clip in prepared]

    def encode_clip(self, clip: Crops) -> Vectors:
        """Return the mean over frames of every layer.

        Raises:
            ValueError: The clip has no frame; such clips have no row in the cache.
        """
        if len(clip) == 0:
            raise ValueError("a clip without frames cannot be encoded")
        chunks: dict[str, list[np.ndarray]] = {layer: [] for layer in self.layers}
        with torch.inference_mode():
            for start in range(0, len(clip), CHUNK):
                pixels = self._recipe(clip[start : start + CHUNK])
                pixels = pixels.to(self._device, memory_format=torch.channels_last)
                outputs: Mapping[str, Tensor] = self._network(pixels)
                for layer in self.layers:
                    chunks[layer].append(outputs[layer].cpu().numpy())
        return {
            layer: np.concatenate(parts).mean(axis=0, dtype=np.float64).astype(np.float32)
            for layer, parts in chunks.items()
        }


def load_network(
    architecture: str,
    build: Callable[[int], nn.Module],
    stem: str,
    spec: Mapping[str, Any],
    path: Path,
) -> tuple[nn.Module, str]:
    """Return a network with the weights of a file, and the file's digest.

    Args:
        architecture: A key of the registry.
        build: Makes the network of a given width.
        stem: The parameter whose first dimension is the width.
        spec: The encoder's settings.
        path: The weight file.

    Raises:
        MerflowError: The file is missing, another one, damaged, or of another network.
    """
    pin = spec.get("weights") != "demo"
    digest = checked_digest(path, architecture, spec.get("sha256"), pin)
    state = read_state(path, architecture)
    width = len(state[stem]) if stem in state and state[stem].ndim == 4 else 64
    if width % 4:
        raise MerflowError(f"the weights {path} have width {width}, not a multiple of 4")
    with torch.device("meta"):
        network = build(width)
    fit(network, state, path, architecture)
    return network, digest
