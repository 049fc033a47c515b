"""Corrupted clips play anywhere, keep their frames and times, and have the SNR that was drawn."""

import av
import cv2
import numpy as np
import pytest
from real_media import filmed_clips, speech_folder
from small_clips import speech, write_recordings, write_source

from merflow.errors import MerflowError
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames
from merflow.noise.draw import draw_tests
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.noisy_clip import even, resized, write_noisy_clip
from merflow.noise.sound import read_excerpt
from merflow.noise.visual import frame_magnitude, transform_crops

STEADY = [k / 25 for k in range(25)]
UNEVEN = [0.0, 0.04, 0.09, 0.31, 0.35, 0.36, 0.8, 0.95]
SPEC = {
    "seed": 0,
    "preset": "paper",
    "visual": [
        {"transform": "solarize", "magnitude": [128, 224]},
        {"transform": "blur", "magnitude": [1.0, 3.0]},
        {"transform": "rotate", "magnitude": [-20, 20]},
        {"transform": "cutout", "magnitude": [0.2, 0.5]},
    ],
}


@pytest.fixture
def folder(tmp_path):
    return NoiseFolder(write_recordings(tmp_path / "noise", 2))


def row(folder, transform="identity", magnitude=0.0, snr_db=5):
    name = folder.names[0]
    return NoiseRow("c", 1, name, 4321, snr_db, transform, magnitude, 7, folder.sha256(name))


def realised_snr(source, noisy, row, root):
    """Return the SNR in dB of a decoded file, clean and noise told apart by least squares."""
    clean = read_sound(source).astype(np.float64)
    noise = read_excerpt(root / row.noise_file, row.offset, len(clean)).astype(np.float64)
    heard = read_sound(noisy)[: len(clean)].astype(np.float64)
    (a, b), *_ = np.linalg.lstsq(np.stack([clean, noise], 1), heard, rcond=None)
    return 10 * np.log10(np.mean((a * clean) ** 2) / np.mean((b * noise) ** 2))


def times_of(path):
    return [time for time, _ in iterate_frames(path, None)]


def count_by_opencv(path):
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    return count


def lengths(path):
    """Return how long the file says that picture and sound are, in s."""
    with av.open(str(path)) as container:
        streams = (container.streams.video[0], container.streams.audio[0])
        return [float(stream.duration * stream.time_base) for stream in streams]


@pytest.mark.parametrize("times", [STEADY, UNEVEN, [0.0]], ids=["steady", "uneven", "one frame"])
@pytest.mark.parametrize("transform", ["identity", "rotate"])
def test_frames_and_their_times_are_kept(tmp_path, folder, times, transform):
    source = write_source(tmp_path / "a.mp4", times)
    write_noisy_clip(source, row(folder, transform, 9.0), folder, tmp_path / "b.mp4")
    assert count_by_opencv(tmp_path / "b.mp4") == len(times)
    np.testing.assert_allclose(times_of(tmp_path / "b.mp4"), times_of(source), atol=2e-5)
    np.testing.assert_allclose(lengths(tmp_path / "b.mp4"), lengths(source), atol=1e-3)
    assert lengths(source)[1] == pytest.approx(1.0)


def test_the_file_is_h264_in_yuv420p_and_aac(tmp_path, folder):
    source = write_source(tmp_path / "a.mp4", UNEVEN)
    write_noisy_clip(source, row(folder), folder, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert container.format.name.startswith("mov,mp4")
        assert (picture.codec.canonical_name, picture.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec.canonical_name, sound.rate, sound.layout.name) == ("aac", RATE, "mono")


@pytest.mark.parametrize("snr_db", [-5, 5, 11, 20])
def test_the_snr_is_still_there_after_aac(tmp_path, folder, snr_db):
    source = write_source(tmp_path / "a.mp4", STEADY, seconds=2.0)
    drawn = row(folder, snr_db=snr_db)
    write_noisy_clip(source, drawn, folder, tmp_path / "b.mp4")
    found = realised_snr(source, tmp_path / "b.mp4", drawn, folder.root)
    # Both are noise here, which aac keeps worst: it moves the ratio by up to .13 dB.
    assert found == pytest.approx(snr_db, abs=0.15)


def write_lossless(path, frame, rotation=0):
    """Write three equal frames of any size and a short sound."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("ffv1", 25)
        picture.height, picture.width = frame.shape[:2]
        picture.pix_fmt = "bgr0"
        picture.set_display_rotation(rotation)
        sound = container.add_stream("pcm_s16le", RATE, layout="mono")
        for number in range(3):
            image = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgr0")
            image.pts = number
            container.mux(picture.encode(image))
        samples = (speech(0.12) * 32767).astype(np.int16)[None]
        heard = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        heard.sample_rate, heard.pts = RATE, 0
        container.mux(sound.encode(heard))
        for stream in (picture, sound):
            container.mux(stream.encode(None))
    return path


def blocks(height, width):
    """Return four flat corners, which h264 keeps."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[: height // 2, width // 2 :] = 80
    frame[height // 2 :, : width // 2] = 160
    frame[height // 2 :, width // 2 :] = 240
    return frame


@pytest.mark.parametrize(("height", "width"), [(48, 64), (181, 240), (180, 241), (97, 33)])
def test_an_odd_side_gets_its_last_line_twice(tmp_path, folder, height, width):
    # What libx264 cannot write in yuv420p, ffv1 can.
    frame = blocks(height, width)
    source = write_lossless(tmp_path / "odd.mkv", frame)
    write_noisy_clip(source, row(folder), folder, tmp_path / "b.mp4")
    images = [image for _, image in iterate_frames(tmp_path / "b.mp4", None)]
    assert len(images) == 3
    assert images[0].shape == (height + height % 2, width + width % 2, 3)
    assert np.abs(images[0][:height, :width].astype(int) - frame).mean() < 3
    np.testing.assert_array_equal(even(frame)[:height, :width], frame)
    np.testing.assert_array_equal(even(frame)[-1, :width], frame[-1])
    np.testing.assert_array_equal(even(frame)[:height, -1], frame[:, -1])


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_clip_that_asks_to_be_turned_is_written_upright(tmp_path, folder, turn):
    source = write_lossless(tmp_path / "turned.mkv", blocks(48, 64), turn)
    write_noisy_clip(source, row(folder), folder, tmp_path / "b.mp4")
    upright = np.rot90(blocks(48, 64), turn // 90)
    for _, image in iterate_frames(tmp_path / "b.mp4", None):
        assert image.shape == upright.shape
        assert np.abs(image.astype(int) - upright).mean() < 3
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert {frame.rotation for frame in container.decode(video=0)} == {0}


def test_two_writes_are_byte_identical(tmp_path, folder):
    source = write_source(tmp_path / "a.mp4", UNEVEN)
    for transform, magnitude in (("blur", 2.0), ("cutout", 0.4), ("pyramid", 4.0)):
        for name in ("b.mp4", "c.mp4"):
            drawn = row(folder, transform, magnitude)
            write_noisy_clip(source, drawn, folder, tmp_path / name)
        assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()


def test_every_frame_is_transformed_at_the_size_of_the_frame(tmp_path, folder):
    source = write_source(tmp_path / "a.mp4", STEADY[:4], height=224, width=300)
    write_noisy_clip(source, row(folder, "blur", 1.5), folder, tmp_path / "b.mp4")
    clean = np.stack([image for _, image in iterate_frames(source, None)])
    seen = np.stack([image for _, image in iterate_frames(tmp_path / "b.mp4", None)])
    wide, narrow = (
        np.abs(seen.astype(int) - transform_crops(clean, "blur", sigma)).mean()
        for sigma in (3.0, 1.5)
    )
    assert wide < narrow / 2  # twice the pixels, twice the sigma


def test_only_lengths_in_pixels_grow_with_the_frame():
    assert frame_magnitude("blur", 2.0, 224, 400) == 4.0
    for name, magnitude in (("solarize", 200), ("rotate", 9.0), ("cutout", 0.3), ("pyramid", 4)):
        assert frame_magnitude(name, magnitude, 1080, 1920) == magnitude


def test_a_frame_of_another_size_is_brought_to_the_first():
    frame = np.full((30, 50, 3), 9, np.uint8)
    assert resized(frame, 30, 50) is frame
    np.testing.assert_array_equal(resized(frame, 48, 64), np.full((48, 64, 3), 9, np.uint8))


def test_a_recording_that_changed_is_told(tmp_path, folder):
    source, drawn = write_source(tmp_path / "a.mp4", STEADY), row(folder)
    write_recordings(folder.root, 2, seconds=0.5)
    with pytest.raises(MerflowError, match="changed since it was drawn"):
        write_noisy_clip(source, drawn, NoiseFolder(folder.root), tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.real
def test_real_clips_with_real_speech_behind_them(tmp_path):
    videos, root = filmed_clips(), speech_folder()
    sources = {path.stem: path for path in videos[:: len(videos) // 4]}
    folder = NoiseFolder(root)
    for drawn in draw_tests(SPEC, sources, root):
        source, noisy = sources[drawn.clip], tmp_path / "noisy.mp4"
        write_noisy_clip(source, drawn, folder, noisy)
        assert count_by_opencv(noisy) == len(times_of(source))
        np.testing.assert_allclose(times_of(noisy), times_of(source), atol=2e-5)
        found = realised_snr(source, noisy, drawn, root)
        assert found == pytest.approx(drawn.snr_db, abs=0.1)
