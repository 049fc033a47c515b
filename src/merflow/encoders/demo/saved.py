"""Demo encoders in the public checkpoints' formats, byte for byte the same each time."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from merflow.storage.atomic import replacing

if TYPE_CHECKING:
    from transformers import HubertModel


class RecorderMeter:
    """Stands for the accuracy curves that MA-Net's training script saved beside the weights."""

    def __init__(self) -> None:
        """Fill in empty curves, with the attributes of the original."""
        self.total_epoch, self.current_epoch = 1, 1
        self.epoch_losses = np.zeros((1, 2), dtype=np.float32)
        self.epoch_accuracy = np.zeros((1, 2), dtype=np.float32)


def save_resnet50(network: nn.Module, path: Path) -> None:
    """Write a flat state dict."""
    _save(_weights(network), path)


def save_manet(network: nn.Module, path: Path) -> None:
    """Write weights under ``module.`` beside what the original training script saved."""
    state = {f"module.{name}": value for name, value in _weights(network).items()}
    content = {
        "epoch": 1,
        "state_dict": state,
        "best_acc": torch.tensor(0.0),
        "recorder": RecorderMeter(),
    }
    with _in_main(RecorderMeter):
        _save(content, path)


def save_hubert(model: "HubertModel", path: Path) -> None:
    """Write Hugging Face's folder."""
    from transformers import Wav2Vec2FeatureExtractor

    preprocessor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        model.save_pretrained(folder)
        preprocessor.save_pretrained(folder)
        # The weight file last: a folder that has one is complete.
        for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
            with replacing(path / name) as temporary:
                shutil.copyfile(Path(folder) / name, temporary)


def _weights(network: nn.Module) -> dict[str, Any]:
    """Return the state dict in plain memory, whatever layout it was trained in."""
    return {name: value.detach().contiguous() for name, value in network.state_dict().items()}


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
