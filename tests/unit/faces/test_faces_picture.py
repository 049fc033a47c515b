"""What is converted of a frame is the same whichever way it was asked for."""

from fractions import Fraction

import av
import numpy as np
import pytest
from drawn_faces import Portrait

from merflow.corpus.demo.face import Pose
from merflow.faces.cascade import Cascade
from merflow.faces.extract import face_of_clip
from merflow.faces.picture import Picture
from merflow.media.mux import write_clip
from merflow.media.planes import Planes
from merflow.media.video import iterate_frames, picture_of

PARTS = [(0, 0, 120, 90), (3, 5, 40, 44), (119, 89, 120, 90), (31, 0, 32, 90), (10, 10, 110, 85)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A clip of a drawn face that sways."""
    path = tmp_path_factory.mktemp("picture") / "face.mp4"
    portrait = Portrait(1)
    poses = [Pose(0.5 + 0.01 * np.sin(n), 0.5, 0.36, 3 * np.cos(n)) for n in range(10)]
    write_clip(path, [portrait.frame(pose) for pose in poses], 10, np.zeros(16000), 16000)
    return path


def frame_of(film):
    with av.open(str(film)) as source:
        return next(source.decode(video=0))


def flipped(frame):
    """Return a frame as libav's filter flips it: the last line first, without a copy."""
    frame.pts = 0
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format.name,
        time_base=Fraction(1, 25),
    )
    graph.link_nodes(source, graph.add("vflip"), graph.add("buffersink")).configure()
    graph.push(frame)
    return graph.pull()


@pytest.mark.parametrize("form", ["yuv420p", "yuv444p"])
@pytest.mark.parametrize("first", [True, False])
def test_parts_are_those_of_the_whole(film, form, first):
    frame = frame_of(film).reformat(width=120, height=90, format=form)
    whole = picture_of(frame)
    picture = Picture(frame)
    if first:
        np.testing.assert_array_equal(picture.whole(), whole)
    for left, top, right, bottom in PARTS:
        part = picture.part(left, top, right, bottom)
        np.testing.assert_array_equal(part, whole[top:bottom, left:right])
    np.testing.assert_array_equal(picture.small(50).frame, Picture(whole).small(50).frame)


def test_lines_that_lie_backwards_are_read_as_they_are_shown(film):
    frame = frame_of(film)
    shown, turned = picture_of(frame)[::-1], flipped(frame)
    assert turned.planes[0].line_size < 0
    assert not Planes.fit(turned)
    np.testing.assert_array_equal(Picture(turned).part(3, 5, 20, 28), shown[5:28, 3:20])
    np.testing.assert_array_equal(Picture(turned).grey(60).frame, Picture(shown).grey(60).frame)


@pytest.mark.parametrize("form", ["yuv420p", "yuv444p"])
def test_colours_that_cannot_be_converted_are_told_where_they_are_needed(form):
    frame = av.VideoFrame(64, 48, form)
    frame.colorspace = 8  # YCgCo, which libswscale does not know
    if form == "yuv444p":
        with pytest.raises(av.FFmpegError):
            Picture(frame)
        return
    picture = Picture(frame)
    assert picture.grey(24).frame.shape == (24, 32)
    for convert in (picture.whole, lambda: picture.small(24), lambda: picture.part(0, 0, 9, 9)):
        with pytest.raises(av.FFmpegError):
            convert()


@pytest.mark.parametrize("side", [500, 60, 25])
def test_grey_is_that_of_the_colours(film, side):
    frame = frame_of(film)
    one, other = Picture(frame).grey(side), Picture(picture_of(frame)).grey(side)
    assert one.factor == other.factor
    assert one.frame.shape == other.frame.shape
    away = np.abs(one.frame.astype(int) - other.frame)
    assert away.mean() < 1.5
    assert np.quantile(away, 0.99) <= 6


@pytest.mark.parametrize("every", [1, 4])
def test_a_clip_of_another_pixel_format_has_the_same_face(film, spec, tmp_path, every):
    """Lossless RGB, which is not taken apart, of the very pictures of the clip."""
    pictures = [picture for _, picture in iterate_frames(film, None)]
    height, width = pictures[0].shape[:2]
    with av.open(str(tmp_path / "rgb.mkv"), "w") as output:
        stream = output.add_stream("ffv1", 10, width=width, height=height)
        stream.pix_fmt = "bgr0"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    settings = spec | {"fps": None, "detect_every": every}
    one, other = (
        face_of_clip(path, Cascade(360, 0.2), settings) for path in (film, tmp_path / "rgb.mkv")
    )
    assert len(one.crops) == len(one.track) == len(other.track) == 10
    np.testing.assert_allclose(one.track[:, 2:6], other.track[:, 2:6], atol=1.0)
    assert np.abs(one.crops.astype(int) - other.crops).mean() < (0.1 if every == 1 else 3)
