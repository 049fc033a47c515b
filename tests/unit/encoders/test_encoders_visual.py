"""Crops to pixels, frames to clips."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from merflow.encoders import manet, resnet50_ferplus
from merflow.encoders.load import load
from merflow.encoders.manet import MANet
from merflow.encoders.registry import layers_of
from merflow.encoders.resnet50_ferplus import ResNet50FerPlus
from merflow.encoders.visual import CHUNK, VisualEncoder, chunks
from merflow.errors import MerflowError

VISUAL = ["resnet50_ferplus", "manet"]
Make = Callable[[int], np.ndarray]
Fill = Callable[[torch.nn.Module], torch.nn.Module]


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


NETWORKS = {"resnet50_ferplus": ResNet50FerPlus, "manet": MANet}
PIXELS = {"resnet50_ferplus": resnet50_ferplus.pixels, "manet": manet.pixels}
WIDTHS = [("resnet50_ferplus", 4), ("resnet50_ferplus", 16), ("manet", 8), ("manet", 20)]
FULL = [pytest.param(kind, 64, marks=pytest.mark.slow) for kind in VISUAL]


def encoder_of(kind: str, width: int, randomised: Fill, **spec: str) -> VisualEncoder:
    network = randomised(NETWORKS[kind](width)).float()
    return VisualEncoder(network, PIXELS[kind], layers_of({"architecture": kind}), "0", spec)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("kind", "width"), WIDTHS + FULL)
def test_a_clip_depends_neither_on_company_nor_order_nor_its_place_in_a_pass(
    kind: str, width: int, precision: str, crops: Make, randomised: Fill
) -> None:
    encoder = encoder_of(kind, width, randomised, precision=precision, statistics="mean_std")
    lengths = (1, 9, 40, 3, 1, 8) if width < 64 else (1, 9, 3)
    clips = [encoder.prepare(crops(frames)) for frames in lengths]
    together = encoder.encode_prepared(clips)
    order = list(reversed(range(len(clips))))
    permuted = encoder.encode_prepared([clips[index] for index in order])
    for place, index in enumerate(order):
        [alone] = encoder.encode_prepared([clips[index]])
        for layer in encoder.layers:
            np.testing.assert_array_equal(together[index][layer], alone[layer])
            np.testing.assert_array_equal(permuted[place][layer], alone[layer])


@pytest.mark.parametrize("kind", VISUAL)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_close(kind: str, precision: str, crops: Make, randomised: Fill) -> None:
    clip = crops(3)
    [exact] = encoder_of(kind, 8, randomised).encode([clip])
    [half] = encoder_of(kind, 8, randomised, precision=precision).encode([clip])
    for layer, vector in exact.items():
        assert half[layer].dtype == np.float32
        error = np.linalg.norm(half[layer] - vector)
        assert 0 < error < 0.05 * np.linalg.norm(vector)


def test_an_unknown_precision_is_told(randomised: Fill) -> None:
    with pytest.raises(MerflowError, match="int8"):
        encoder_of("manet", 4, randomised, precision="int8")


@pytest.mark.parametrize("kind", VISUAL)
def test_the_deviation_follows_the_mean(kind: str, crops: Make, randomised: Fill) -> None:
    clip = crops(10)
    encoder = encoder_of(kind, 4, randomised)
    frames = encoder.encode([clip[i : i + 1] for i in range(len(clip))])
    [both] = encoder_of(kind, 4, randomised, statistics="mean_std").encode([clip])
    for layer, vector in both.items():
        single = np.stack([one[layer] for one in frames]).astype(np.float64)
        expected = np.concatenate([single.mean(axis=0), single.std(axis=0)])
        np.testing.assert_allclose(vector, expected, rtol=1e-5, atol=1e-6 * abs(expected).max())


@pytest.mark.parametrize("kind", VISUAL)
def test_prepared_clips_are_bytes(
    kind: str, crops: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    prepared = load(kind, specs[kind], checkpoints[kind]).prepare(crops(2))
    assert prepared.shape == (2, 224, 224, 3)
    assert prepared.dtype == np.uint8
    assert prepared.base is None  # nothing larger is kept alive


def test_no_clips_give_no_vectors(specs: dict, checkpoints: dict[str, Path]) -> None:
    assert load("manet", specs["manet"], checkpoints["manet"]).encode([]) == []


@pytest.mark.parametrize("lengths", [[1], [8], [7, 2], [16, 1, 30], [3, 3, 3]])
def test_chunks_hold_all_frames_in_order_and_black_at_the_end(lengths: list[int]) -> None:
    numbers = iter(range(1, 1 + sum(lengths)))
    clips = [
        np.stack([np.full((224, 224, 3), next(numbers), np.uint8) for _ in range(length)])
        for length in lengths
    ]
    passes = [one.numpy() for one in chunks(clips, CHUNK)]
    assert all(one.shape == (CHUNK, 224, 224, 3) for one in passes)
    frames = np.concatenate(passes)
    total = sum(lengths)
    assert len(frames) - total < CHUNK
    np.testing.assert_array_equal(frames[:total], np.concatenate(clips))
    assert not frames[total:].any()
    short = [one.numpy() for one in chunks(clips, CHUNK, filled_up=False)]
    np.testing.assert_array_equal(np.concatenate(short), frames[:total])
    assert [len(one) for one in short[:-1]] == [CHUNK] * (len(short) - 1)


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


def test_infinity_from_float16_advises_bfloat16(crops: Make, randomised: Fill) -> None:
    for precision, told in (("float16", "bfloat16"), ("float32", "weight file or the clip")):
        encoder = encoder_of("manet", 4, randomised, precision=precision)
        for value in encoder._network.conv1.parameters():
            value.fill_(torch.inf)
        with pytest.raises(MerflowError, match=rf"infinity or NaN: .*{told}"):
            encoder.encode([crops(1)])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is there")
@pytest.mark.parametrize("kind", VISUAL)
def test_a_gpu_gives_what_a_cpu_gives(kind: str, crops: Make, randomised: Fill) -> None:
    clips = [crops(frames) for frames in (1, 130, 7)]  # more than one pass, the last a short one
    given = encoder_of(kind, 8, randomised, device="cuda").encode(clips)
    for vectors, wanted in zip(given, encoder_of(kind, 8, randomised).encode(clips), strict=True):
        for layer, vector in wanted.items():
            scale = np.abs(vector).max()
            np.testing.assert_allclose(vectors[layer], vector, rtol=0, atol=1e-4 * scale)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_a_device_that_is_not_there_is_told(specs: dict, checkpoints: dict[str, Path]) -> None:
    for device, words in (("cuda", "no CUDA device"), ("gpu!", "no device")):
        with pytest.raises(MerflowError, match=words):
            load("manet", {**specs["manet"], "device": device}, checkpoints["manet"])
