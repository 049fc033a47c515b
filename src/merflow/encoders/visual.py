"""Frozen networks that look at face crops, one frame at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from torch import Tensor, nn

from merflow.encoders.checkpoint import checked_digest, fit, read_state
from merflow.encoders.device import FLOAT16_ENDS, device_of, precision_of
from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.folding import folded, use_onednn
from merflow.encoders.moments import Moments, with_deviation
from merflow.errors import MerflowError

SIDE = 224  # pixels of a network's input
# Frames a forward pass. On a CPU longer ones cost more than they save, as the C library gives the
# memory of large maps back at every release and asks for it anew. A GPU needs them to be busy.
CHUNK = 8
CUDA_CHUNK = 128

Crops = UInt8[np.ndarray, "frames height width 3"]
Pictures = UInt8[np.ndarray, "_frames 224 224 3"]
Planes = Float[Tensor, "frames 3 224 224"]


@dataclass(frozen=True)
class Recipe:
    """How crops become a network's input.

    Attributes:
        pictures: Resizes and cuts crops on the CPU.
        scaled: Brings float32 planes of 0..255 to the network's scale, on its device.
    """

    pictures: Callable[[Crops], Pictures]
    scaled: Callable[[Planes], Planes]

    def __call__(self, crops: Crops) -> Planes:
        """Return the network's input of crops, float32, on the CPU."""
        return self.scaled(planes(self.pictures(crops)))


def resized(crop: UInt8[np.ndarray, "h w 3"], height: int, width: int) -> np.ndarray:
    """Return a crop resized with Pillow's bilinear filter, uint8 [height, width, 3]."""
    return np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR))


def planes(pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """Return pixels 0..255 as float32 planes."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float()


class VisualEncoder(Encoder):
    """A network with its preprocessing; a clip's vector is the mean over its frames.

    The frames of all clips of a call go through the network in passes of one length. On a CPU the
    last is filled up with black: every pass has one shape, in which a frame's result depends
    neither on its place nor on the other frames.
    """

    modality: Literal["visual"] = "visual"

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        layers: list[str],
        digest: str,
        spec: Mapping[str, Any],
    ) -> None:
        """Make a copy of the network ready on its device.

        Args:
            network: Gives one vector a frame and layer.
            recipe: Makes its input from crops.
            layers: Those to keep, of the network's.
            digest: Of the weight file.
            spec: The encoder's settings: ``device``, ``precision`` and ``statistics`` count here.

        Raises:
            MerflowError: The device is unknown or not there.
        """
        self.layers, self.digest = layers, digest
        self._device = device_of(spec.get("device", "cpu"))
        self._dtype = precision_of(spec.get("precision", "float32"))
        if self._dtype == torch.float16:
            self.if_infinite = FLOAT16_ENDS
        self._deviation = with_deviation(spec)
        ready = folded(network.eval())
        if self._device.type == "cpu":
            use_onednn(ready)
        # PyTorch's declaration of Module.to leaves memory_format out.
        self._network = ready.to(  # type: ignore[call-overload]
            self._device, self._dtype, memory_format=torch.channels_last
        )
        self._recipe = recipe
        self._chunk = CHUNK if self._device.type == "cpu" else CUDA_CHUNK

    def prepare(self, clip: Crops) -> Pictures:
        """Resize a clip's crops; they stay bytes, a quarter of the memory of numbers.

        Raises:
            ValueError: The clip has no frame; such clips have no row in the cache.
        """
        if len(clip) == 0:
            raise ValueError("a clip without frames cannot be encoded")
        return self._recipe.pictures(clip)

    def encode_prepared(self, prepared: Sequence[Pictures]) -> list[Vectors]:
        """Encode all clips in passes of one size; on a GPU the last may be shorter."""
        passes: list[dict[str, Tensor]] = []
        cuda = self._device.type == "cuda"
        with torch.inference_mode():
            for chunk in chunks(prepared, self._chunk, filled_up=not cuda, pinned=cuda):
                # Bytes go to the device, and become numbers there; channels stay last.
                there = chunk.to(self._device, non_blocking=True)
                pixels = there.permute(0, 3, 1, 2).float()
                passes.append(self._network(self._recipe.scaled(pixels).to(self._dtype)))
            if not passes:
                return []
            joined = torch.cat([torch.cat([p[layer] for p in passes]) for layer in self.layers], 1)
            frames = joined.float().cpu()
        dims = [passes[0][layer].shape[1] for layer in self.layers]
        lengths = [len(clip) for clip in prepared]
        clips = frames[: sum(lengths)].split(lengths)
        return [self._vectors(clip.split(dims, dim=1)) for clip in clips]

    def _vectors(self, values: Sequence[Float32[Tensor, "frames _"]]) -> Vectors:
        """Return a clip's vectors from its frames', layer by layer."""
        vectors = {}
        for layer, frames in zip(self.layers, values, strict=True):
            moments = Moments(self._deviation)
            moments.add(frames)
            vectors[layer] = moments.vector()
        return vectors


def chunks(
    clips: Sequence[Pictures], size: int, filled_up: bool = True, pinned: bool = False
) -> Iterator[UInt8[Tensor, "_chunk 224 224 3"]]:
    """Yield the frames of all clips, one clip after the other, ``size`` at a time.

    Args:
        clips: The clips.
        size: Frames a chunk.
        filled_up: Fill up the last chunk with black; else it is as short as what is left.
        pinned: Use memory from which a CUDA device copies by itself.
    """
    left = sum(len(clip) for clip in clips)
    chunk, filled = torch.empty(0), 0
    for clip in clips:
        taken = 0
        while taken < len(clip):
            if filled == 0:
                rows = size if filled_up else min(size, left)
                chunk = torch.zeros((rows, SIDE, SIDE, 3), dtype=torch.uint8, pin_memory=pinned)
            some = clip[taken : taken + len(chunk) - filled]
            chunk.numpy()[filled : filled + len(some)] = some
            taken, filled, left = taken + len(some), filled + len(some), left - len(some)
            if filled == len(chunk):
                yield chunk
                filled = 0
    if filled:
        yield chunk


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
