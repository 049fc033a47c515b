"""Small untrained encoders in the formats of the public checkpoints, for the demo run and tests.

Weights are drawn by name from the settings' seed, so that the same settings give the same bytes.
They have learned nothing: features of these files show that the method runs, nothing else.
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor, nn

from merflow import seeds
from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

CALIBRATION_IMAGES = 4
HEADS = 4  # attention heads of the demo HuBERT
GROUPS = 16  # of its positional convolution, as in the public models


class RecorderMeter:
    """Stands for the accuracy curves that MA-Net's training script saved beside the weights."""

    def __init__(self) -> None:
        """Fill in empty curves, with the attributes of the original."""
        self.total_epoch, self.current_epoch = 1, 1
        self.epoch_losses = np.zeros((1, 2), dtype=np.float32)
        self.epoch_accuracy = np.zeros((1, 2), dtype=np.float32)


def write_demo(kind: str, spec: Mapping[str, Any], path: str | Path) -> None:
    """Write a demo checkpoint.

    Args:
        kind: A key of the registry.
        spec: The encoder's settings; ``demo`` has ``seed`` and ``width`` (channels of the stem,
            or the hidden size of HuBERT), ``layers`` is the depth of HuBERT.
        path: The file to write (a folder for HuBERT).

    Raises:
        MerflowError: The kind is unknown, or the width does not suit it.
    """
    writers: dict[str, Callable[[int, int, Mapping[str, Any], Path], None]] = {
        "hubert": _write_hubert,
        "resnet50_ferplus": _write_resnet50,
        "manet": _write_manet,
    }
    if kind not in writers:
        raise MerflowError(f"there is no demo of the architecture '{kind}'")
    demo = spec["demo"]
    step = GROUPS if kind == "hubert" else 4
    if demo["width"] < 1 or demo["width"] % step:
        raise MerflowError(
            f"the demo width {demo['width']} of {kind} must be a positive multiple of {step}"
        )
    writers[kind](demo["seed"], demo["width"], spec, Path(path))


def _write_resnet50(seed: int, width: int, spec: Mapping[str, Any], path: Path) -> None:
    from merflow.encoders.resnet50_ferplus import ResNet50FerPlus, pixels

    network = ResNet50FerPlus(width)
    _initialise(network, seed, "resnet50_ferplus")
    _calibrate(network, pixels(_images(seed, "resnet50_ferplus")))
    _save(network.state_dict(), path)


def _write_manet(seed: int, width: int, spec: Mapping[str, Any], path: Path) -> None:
    from merflow.encoders.manet import MANet, pixels

    network = MANet(width)
    _initialise(network, seed, "manet")
    _calibrate(network, pixels(_images(seed, "manet")))
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    content = {
        "epoch": 1,
        "state_dict": state,
        "best_acc": torch.tensor(0.0),
        "recorder": RecorderMeter(),
    }
    with _in_main(RecorderMeter):
        _save(content, path)


def _write_hubert(seed: int, width: int, spec: Mapping[str, Any], path: Path) -> None:
    from merflow.encoders.hubert import quiet  # before transformers: switches the network off

    quiet()
    from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

    # As chinese-hubert-large, but narrower.
    config = HubertConfig(
        hidden_size=width,
        num_hidden_layers=int(spec.get("layers", 24)),
        num_attention_heads=HEADS,
        intermediate_size=4 * width,
        conv_dim=(width // 2,) * 7,
        conv_bias=False,
        feat_extract_norm="layer",
        feat_proj_layer_norm=True,
        do_stable_layer_norm=True,
        num_conv_pos_embedding_groups=GROUPS,
        apply_spec_augment=True,
    )
    model = HubertModel(config)
    _initialise(model, seed, "hubert")
    positions = model.encoder.pos_conv_embed.conv.parametrizations.weight
    with torch.no_grad():  # weight normalisation: give the drawn weights back their length
        positions.original0.fill_(np.sqrt(width / 64))
    preprocessor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        model.save_pretrained(folder)
        preprocessor.save_pretrained(folder)
        # The weight file last: a folder that has one is complete.
        for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
            with replacing(path / name) as temporary:
                shutil.copyfile(Path(folder) / name, temporary)


def _initialise(network: nn.Module, seed: int, kind: str) -> None:
    """Draw every weight matrix with He's variance; other parameters keep PyTorch's constants."""
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.ndim == 1:
                value.fill_(1.0 if _scales(network, name) else 0.0)
                continue
            fan_in = value[0].numel()
            drawn = seeds.generator(seed, "demo-encoder", kind, name).standard_normal(value.shape)
            value.copy_(torch.from_numpy(drawn * np.sqrt(2.0 / fan_in)))


def _scales(network: nn.Module, name: str) -> bool:
    """Tell whether a vector is the scale of a normalisation."""
    owner, _, last = name.rpartition(".")
    return last == "weight" and not isinstance(network.get_submodule(owner), nn.Linear)


def _images(seed: int, kind: str) -> UInt8[np.ndarray, "n 112 112 3"]:
    """Return smooth coloured noise, the sum of a coarse and a fine pattern."""
    images = []
    for index in range(CALIBRATION_IMAGES):
        draw = seeds.generator(seed, "demo-encoder", kind, "images", index)
        total = np.zeros((112, 112, 3))
        for side, share in ((4, 0.6), (28, 0.4)):
            noise = Image.fromarray(draw.integers(0, 256, (side, side, 3), dtype=np.uint8))
            total += share * np.asarray(noise.resize((112, 112), Image.Resampling.BICUBIC))
        images.append(total.round().clip(0, 255).astype(np.uint8))
    return np.stack(images)


def _calibrate(network: nn.Module, pixels: Tensor) -> None:
    """Set the running statistics of every batch normalisation to those of some images.

    They are rounded to eight bits of mantissa, so that the last bits of a sum, which depend on
    the processor, do not reach the file.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(pixels)
    network.eval()
    for norm in norms:
        norm.running_mean.copy_(norm.running_mean.bfloat16())
        norm.running_var.copy_(norm.running_var.bfloat16())


@contextmanager
def _in_main(cls: type) -> Iterator[None]:
    """Let a class be pickled as if it were defined in ``__main__``, as the original was."""
    main, module = sys.modules["__main__"], cls.__module__
    kept = getattr(main, cls.__name__, None)
    setattr(main, cls.__name__, cls)
    cls.__module__ = "__main__"
    try:
        yield
    finally:
        cls.__module__ = module
        if kept is None:
            delattr(main, cls.__name__)
        else:
            setattr(main, cls.__name__, kept)


def _save(content: Any, path: Path) -> None:
    """Write a PyTorch file; through memory, as the file's name would become part of its bytes."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with replacing(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
