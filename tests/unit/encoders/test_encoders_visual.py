"""Crops to pixels, frames to clips."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from merflow.encoders import manet, resnet50_ferplus
from merflow.encoders.load import load
from merflow.encoders.registry import layers_of
from merflow.errors import MerflowError

VISUAL = ["resnet50_ferplus", "manet"]
Make = Callable[[int], np.ndarray]


def test_resnet50_recipe_is_resize_256_centre_224_minus_mean(crops: Make) -> None:
    clip = crops(2)
    for crop, pixels in zip(clip, resnet50_ferplus.pixels(clip), strict=True):
        picture = Image.fromarray(crop).resize((256, 256), Image.Resampling.BILINEAR)
        centre = np.asarray(picture.crop((16, 16, 240, 240)), dtype=np.float32)
        centre = centre - np.array([131.0912, 103.8827, 91.4953], dtype=np.float32)
        np.testing.assert_array_equal(pixels.numpy(), centre.transpose(2, 0, 1))


def test_resnet50_recipe_keeps_the_shape_of_crops_that_are_not_square() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (120, 180, 3), dtype=np.uint8)
    pixels = resnet50_ferplus.pixels(crop[None])[0].numpy()
    picture = Image.fromarray(crop).resize((384, 256), Image.Resampling.BILINEAR)
    centre = np.asarray(picture.crop((80, 16, 304, 240)), dtype=np.float32)
    np.testing.assert_allclose(
        pixels + np.array([131.0912, 103.8827, 91.4953])[:, None, None],
        centre.transpose(2, 0, 1),
        atol=1e-4,
    )


def test_manet_recipe_is_resize_224_scaled_to_one(crops: Make) -> None:
    clip = crops(2)
    for crop, pixels in zip(clip, manet.pixels(clip), strict=True):
        picture = Image.fromarray(crop).resize((224, 224), Image.Resampling.BILINEAR)
        expected = np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
        np.testing.assert_array_equal(pixels.numpy(), expected)


@pytest.mark.parametrize("kind", VISUAL)
def test_a_clip_is_the_mean_over_its_frames(
    kind: str, crops: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    encoder = load(kind, specs[kind], checkpoints[kind])
    clip = crops(19)  # more than one chunk
    [whole] = encoder.encode([clip])
    single = encoder.encode([clip[i : i + 1] for i in range(len(clip))])
    assert list(whole) == encoder.layers == layers_of({"architecture": kind})
    for layer, vector in whole.items():
        assert vector.dtype == np.float32
        assert vector.ndim == 1
        expected = np.mean([one[layer] for one in single], axis=0)
        np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("kind", VISUAL)
def test_a_clip_does_not_depend_on_its_neighbours(
    kind: str, crops: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    encoder = load(kind, specs[kind], checkpoints[kind])
    first, second = crops(3), crops(18)
    together = encoder.encode([first, second])
    alone = [encoder.encode([clip])[0] for clip in (second, first)][::-1]
    for one, other in zip(together, alone, strict=True):
        for layer in encoder.layers:
            np.testing.assert_array_equal(one[layer], other[layer])


def test_a_clip_without_frames_is_refused(specs: dict, checkpoints: dict[str, Path]) -> None:
    encoder = load("manet", specs["manet"], checkpoints["manet"])
    with pytest.raises(ValueError, match="without frames"):
        encoder.encode([np.zeros((0, 112, 112, 3), dtype=np.uint8)])


def test_forward_order_2023_is_allowed_with_a_warning(
    crops: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    clip = crops(1)
    usual = load("manet", {**specs["manet"], "forward_order": 2021}, checkpoints["manet"])
    with pytest.warns(UserWarning, match="2023"):
        other = load("manet", {**specs["manet"], "forward_order": 2023}, checkpoints["manet"])
    first, second = usual.encode([clip])[0], other.encode([clip])[0]
    np.testing.assert_array_equal(first["layer2"], second["layer2"])
    assert abs(first["block2"] - second["block2"]).max() > 1e-3
    with pytest.raises(MerflowError, match="2022"):
        load("manet", {**specs["manet"], "forward_order": 2022}, checkpoints["manet"])


def test_features_that_are_not_finite_are_refused(
    tmp_path: Path, crops: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    state = torch.load(checkpoints["resnet50_ferplus"])
    state["conv4_1_3x3.weight"][0] = float("nan")
    torch.save(state, tmp_path / "nan.pth")
    encoder = load("resnet50_ferplus", specs["resnet50_ferplus"], tmp_path / "nan.pth")
    with pytest.raises(MerflowError, match=r"layer 3 .*NaN"):
        encoder.encode([crops(1)])


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_a_device_that_is_not_there_is_told(specs: dict, checkpoints: dict[str, Path]) -> None:
    for device, words in (("cuda", "no CUDA device"), ("gpu!", "no device")):
        with pytest.raises(MerflowError, match=words):
            load("manet", {**specs["manet"], "device": device}, checkpoints["manet"])
