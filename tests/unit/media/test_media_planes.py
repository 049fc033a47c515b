"""Parts of decoded pictures are those of the whole, however it is coded."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given
from hypothesis import strategies as st

from merflow.media.planes import FORMATS, Planes
from merflow.media.video import picture_of

SPACES = (Colorspace.DEFAULT, Colorspace.ITU709, Colorspace.ITU601, Colorspace.SMPTE240M)
RANGES = (ColorRange.UNSPECIFIED, ColorRange.MPEG, ColorRange.JPEG)


def frame_of(width, height, form, space, reach, levels, seed=0):
    """Return a frame of noise between two levels of brightness and two of colour."""
    draws = np.random.default_rng(seed)
    frame = av.VideoFrame(width, height, form)
    for plane, (low, high) in zip(frame.planes, (levels[0], levels[1], levels[1]), strict=True):
        values = draws.integers(low, high, (plane.height, plane.line_size))
        plane.update(values.astype(np.uint8))
    frame.colorspace, frame.color_range = space, reach
    return frame


def decoded(codec, form="yuv420p", **options):
    """Return frames of noise of 48 x 32 as a decoder gives them, with what only it can flag."""
    held = io.BytesIO()
    with av.open(held, "w", format="matroska") as output:
        stream = output.add_stream(codec, 25, width=48, height=32, options=options)
        stream.pix_fmt = form
        for number in range(4):
            levels = (0, 256), (0, 256)
            frame = frame_of(48, 32, form, SPACES[0], RANGES[0], levels, number)
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    held.seek(0)
    with av.open(held) as source:
        return list(source.decode(video=0))


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from(FORMATS),
    st.sampled_from(SPACES),
    st.sampled_from(RANGES),
    st.data(),
)
def test_a_part_is_cut_from_the_whole_to_the_bit(half, form, space, reach, data):
    width, height = 2 * half[0], 2 * half[1]
    frame = frame_of(width, height, form, space, reach, ((0, 256), (0, 256)), width)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    assert Planes.fit(frame)
    part = Planes(frame).part(left, top, right, bottom)
    np.testing.assert_array_equal(part, picture_of(frame)[top:bottom, left:right])


@pytest.mark.parametrize("reach", RANGES)
@pytest.mark.parametrize("form", FORMATS)
def test_stretched_brightness_is_the_grey_of_the_picture(form, reach):
    levels = (20, 232), (126, 131)
    frame = frame_of(64, 48, form, Colorspace.ITU601, reach, levels)
    planes = Planes(frame)
    grey = cv2.cvtColor(picture_of(frame), cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(planes.stretched(planes.brightness()) - grey).max() <= 2


def test_black_and_white_of_limited_range_are_0_and_255():
    planes = Planes(av.VideoFrame(2, 2, "yuv420p"))
    levels = np.array([[0, 16, 235, 255]], np.uint8)
    np.testing.assert_array_equal(planes.stretched(levels), [[0, 0, 255, 255]])


@pytest.mark.parametrize(
    ("width", "height", "form"),
    [(31, 20, "yuv420p"), (30, 21, "yuv420p"), (30, 20, "yuv444p"), (30, 20, "yuv420p10le")],
)
def test_others_are_not_taken_apart(width, height, form):
    assert not Planes.fit(av.VideoFrame(width, height, form))


@pytest.mark.parametrize(("turn", "mirror"), [(0, False), (0, True), (90, False), (180, False)])
def test_nor_are_pictures_that_lie(tmp_path: Path, turn: int, mirror: bool):
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream("libx264", 10, width=48, height=32)
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(turn, mirror, False)
        output.mux(stream.encode(av.VideoFrame(48, 32, "yuv420p")))
        output.mux(stream.encode(None))
    with av.open(str(tmp_path / "a.mp4")) as source:
        assert Planes.fit(next(source.decode(video=0))) == (turn == 0 and not mirror)


def x264(words):
    """Return the options of an encoder that has words of its own."""
    return {"x264-params": words}


FIELDS = {"flags": "+ildct+ilme"}


@pytest.mark.parametrize(
    ("codec", "form", "options", "fit"),
    [
        ("libx264", "yuv420p", {}, True),
        ("libx264", "yuv420p", x264("fullrange=on"), True),
        ("libx264", "yuv420p", x264("chromaloc=0"), True),
        ("libx264", "yuv420p", x264("chromaloc=1"), True),
        ("libx264", "yuv420p", x264("chromaloc=2"), True),
        ("libx264", "yuv420p", x264("colorprim=bt709:transfer=bt709:colormatrix=bt709"), True),
        ("libx264", "yuv420p", x264("colorprim=bt470bg:colormatrix=smpte170m"), True),
        ("libx264", "yuv420p", x264("colorprim=bt2020:transfer=smpte2084"), True),
        ("libx264", "yuv420p", x264("colorprim=bt2020:colormatrix=bt2020nc"), True),
        ("mjpeg", "yuvj420p", {}, True),
        ("mpeg4", "yuv420p", {}, True),
        ("libvpx-vp9", "yuv420p", {}, True),
        ("libx264", "yuv420p", FIELDS, False),
        ("mpeg2video", "yuv420p", FIELDS, False),
        ("mpeg4", "yuv420p", FIELDS, False),
    ],
)
def test_parts_of_decoded_frames_are_those_of_the_whole(codec, form, options, fit):
    for frame in decoded(codec, form, **options):
        assert Planes.fit(frame) == fit
        whole = picture_of(frame)
        for left, top, right, bottom in [(0, 0, 48, 32), (3, 5, 20, 28), (18, 1, 47, 16)] * fit:
            part = Planes(frame).part(left, top, right, bottom)
            np.testing.assert_array_equal(part, whole[top:bottom, left:right])
