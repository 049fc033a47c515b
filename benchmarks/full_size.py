"""Clips and full-size encoders with random weights, for the benchmarks of the features.

Checkpoints are written in the public formats and loaded as the graph loads them; what is in the
weights changes nothing of the cost.
"""

import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import HubertConfig, HubertModel

from merflow.encoders.encoder import Encoder
from merflow.encoders.load import load
from merflow.encoders.manet import MANet
from merflow.encoders.resnet50_ferplus import MEAN, ResNet50FerPlus
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames

FPS = 5.0
LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "feat_proj_layer_norm": True,
    "conv_bias": False,
}
PREPROCESSOR = (
    '{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1, "sampling_rate":'
    ' 16000, "padding_value": 0, "do_normalize": true, "return_attention_mask": true}'
)


@dataclass
class Clip:
    """One clip in memory and as the files that the recipe reads."""

    sound: np.ndarray
    crops: np.ndarray
    wav: Path
    faces: Path


@dataclass
class Net:
    """One encoder: as ours, and its bare network for the plain sides."""

    name: str
    ours: Encoder
    plain: nn.Module
    layers: int


class FaceFiles(Dataset[Tensor]):
    """Face pictures of one clip, as the organisers' scripts read them."""

    def __init__(self, folder: Path, shape: Callable[[Image.Image], Tensor]) -> None:
        """List the pictures; ``shape`` makes the network's input."""
        self.files, self.shape = sorted(folder.glob("*.bmp")), shape

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        """Read one picture."""
        return self.shape(Image.open(self.files[index]).convert("RGB"))


def resnet_input(picture: Image.Image) -> Tensor:
    """Return a face as ResNet-50-FER+ takes it: shorter side 256, centre 224, minus the mean."""
    picture = picture.resize((256, 256), Image.Resampling.BILINEAR).crop((16, 16, 240, 240))
    planes = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float()
    return planes - torch.tensor(MEAN).view(3, 1, 1)


def manet_input(picture: Image.Image) -> Tensor:
    """Return a face as MA-Net takes it: 224, in 0..1."""
    picture = picture.resize((224, 224), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


INPUTS = {"RF": resnet_input, "MR": manet_input}


def clips_of(folder: Path | None, count: int, scratch: Path) -> tuple[list[Path], list[Clip]]:
    """Return the first clips of a folder (drawn noise without one), and them in memory.

    Faces are the centre of the picture: what is in it changes nothing of the cost.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())[:count] if folder else []
    draw = np.random.default_rng(0)
    clips = []
    for index in range(len(files) if files else count):
        if files:
            sound = read_sound(files[index])
            pictures = [picture for _, picture in iterate_frames(files[index], FPS)]
            crops = np.stack([_centre(picture) for picture in pictures])
        else:
            seconds = float(draw.uniform(2, 6))
            sound = draw.uniform(-0.3, 0.3, int(RATE * seconds)).astype(np.float32)
            crops = draw.integers(0, 256, (int(FPS * seconds), 112, 112, 3), dtype=np.uint8)
        clips.append(Clip(sound, crops, scratch / f"{index}.wav", scratch / f"faces-{index}"))
        _write_recipe_files(clips[-1])
    return files, clips


def _centre(picture: np.ndarray) -> np.ndarray:
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(square.resize((112, 112), Image.Resampling.BILINEAR))


def _write_recipe_files(clip: Clip) -> None:
    with wave.open(str(clip.wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((clip.sound * 32767).astype("<i2").tobytes())
    clip.faces.mkdir()
    for index, crop in enumerate(clip.crops):
        Image.fromarray(crop).save(clip.faces / f"{index:04d}.bmp")


def nets(names: list[str], scratch: Path, device: str, precision: str) -> Iterator[Net]:
    """Write a full-size checkpoint with random weights, load it both ways, drop it again."""
    settings = {"weights": "random", "sha256": None, "device": device, "precision": precision}
    for name in names:
        torch.manual_seed(0)
        if name == "HL":
            path = scratch / "hubert"
            made = HubertModel(HubertConfig(**LARGE)).eval()
            made.save_pretrained(path)
            (path / "preprocessor_config.json").write_text(PREPROCESSOR)
            kind: tuple[str, dict[str, Any]] = ("hubert", {"layers": 24})
        else:
            made = (ResNet50FerPlus() if name == "RF" else MANet()).eval()
            path = scratch / f"{name}.pth"
            torch.save(made.state_dict(), path)
            kind = ("resnet50_ferplus" if name == "RF" else "manet", {})
        made.requires_grad_(False)
        ours = load(kind[0], {**kind[1], **settings}, path)
        yield Net(name, ours, made, len(ours.layers))
