import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from merflow.media.upright import Orientation, orientation_of
from merflow.media.video import iterate_frames

# Four grey corners of 16 pixels each way, so that no two orientations look alike.
CORNERS = np.array([[0, 80, 80], [160, 160, 240]], np.uint8)
SHOWN = np.repeat(np.repeat(CORNERS, 16, axis=0), 16, axis=1)


def written(path: Path, turn: int, hflip: bool = False, vflip: bool = False) -> Path:
    """A clip whose display matrix turns by ``turn`` degrees, counterclockwise, then mirrors."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", 10, {"crf": "1"}, width=48, height=32)
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(turn, hflip, vflip)
        for number in range(3):
            picture = np.repeat(SHOWN[:, :, None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270, -90])
def test_pictures_stand_as_a_player_shows_them(tmp_path: Path, turn: int, suffix: str):
    frames = [frame for _, frame in iterate_frames(written(tmp_path / f"a.{suffix}", turn), None)]
    assert len(frames) == 3
    for frame in frames:
        assert frame.flags.c_contiguous
        np.testing.assert_allclose(frame[:, :, 1], np.rot90(SHOWN, turn // 90), atol=6)


@pytest.mark.parametrize(
    ("turn", "hflip", "vflip"),
    list(itertools.product([0, 90, 180, 270], [True, False], [True, False])),
)
def test_mirrors_are_followed(tmp_path: Path, turn: int, hflip: bool, vflip: bool):
    wanted = np.rot90(SHOWN, turn // 90)
    wanted = wanted[:, ::-1] if hflip else wanted
    wanted = wanted[::-1] if vflip else wanted
    path = written(tmp_path / "a.mp4", turn, hflip, vflip)
    for _, frame in iterate_frames(path, None):
        np.testing.assert_allclose(frame[:, :, 0], wanted, atol=6)


def test_other_angles_are_left_alone(tmp_path: Path):
    with av.open(str(written(tmp_path / "a.mp4", 45))) as source:
        frame = next(source.decode(video=0))
    assert frame.rotation == 45
    assert orientation_of(frame) == Orientation()


def test_a_picture_without_orientation_is_not_copied():
    picture = np.zeros((4, 6, 3), np.uint8)
    assert Orientation().apply(picture) is picture
