from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from real_media import filmed_clips

from merflow.media.container import ClipDefect
from merflow.media.mux import write_clip
from merflow.media.probe import check_clip
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames


def made(path: Path, sound=None, frames=10) -> Path:
    if sound is None:
        sound = np.random.default_rng(1).standard_normal(RATE) * 0.1
    draw = np.random.default_rng(2)
    pictures = (draw.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(frames))
    write_clip(path, pictures, 10, sound, RATE)
    return path


def reason(path: Path) -> str:
    with pytest.raises(ClipDefect) as caught:
        check_clip(path)
    assert str(path) in str(caught.value)
    assert str(path) not in caught.value.detail
    return caught.value.reason


def test_facts_agree_with_what_the_readers_give(tmp_path: Path):
    path = made(tmp_path / "a.mp4")
    facts = check_clip(path)
    assert facts.frames == len(list(iterate_frames(path, None))) == 10
    assert facts.sound_samples == read_sound(path).size
    assert facts.duration_s == pytest.approx(1.0, abs=0.07)


def test_a_missing_file(tmp_path: Path):
    assert reason(tmp_path / "a.mp4") == "missing"
    assert reason(tmp_path) == "missing"


def test_an_empty_file(tmp_path: Path):
    (tmp_path / "a.mp4").touch()
    assert reason(tmp_path / "a.mp4") == "empty"


def test_garbage_and_a_header_that_was_cut_off(tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(20000))
    whole = made(tmp_path / "b.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) // 2])
    assert reason(tmp_path / "a.mp4") == "undecodable"
    assert reason(tmp_path / "b.mp4") == "undecodable"


def test_a_playlist_is_not_followed(tmp_path: Path):
    clip = made(tmp_path / "clip.mp4")
    (tmp_path / "a.mp4").write_text(f"ffconcat version 1.0\nfile '{clip.name}'\n")
    (tmp_path / "b.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{clip.name}\n#EXT-X-ENDLIST\n")
    assert reason(tmp_path / "a.mp4") == "undecodable"
    assert reason(tmp_path / "b.mp4") == "undecodable"


def test_sound_without_picture(tmp_path: Path):
    soundfile.write(tmp_path / "a.wav", np.full(RATE, 0.1), RATE)
    assert reason(tmp_path / "a.wav") == "no_picture"


def test_picture_without_sound(tmp_path: Path):
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream("libx264", 10)
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        output.mux([*stream.encode(frame), *stream.encode(None)])
    assert reason(tmp_path / "a.mp4") == "soundless"


def test_silence(tmp_path: Path):
    assert reason(made(tmp_path / "a.mp4", np.zeros(RATE))) == "soundless"
    assert reason(made(tmp_path / "b.mp4", np.zeros(0))) == "soundless"


def test_quiet_sound_is_no_silence(tmp_path: Path):
    quiet = 0.002 * np.sin(np.arange(RATE) * 0.1)
    assert check_clip(made(tmp_path / "a.mp4", quiet)).sound_samples >= RATE


def test_damage_inside_loses_only_what_it_hits(tmp_path: Path):
    path = made(tmp_path / "a.mp4", frames=30)
    content = bytearray(path.read_bytes())
    middle = content.find(b"mdat") + (len(content) // 3)
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    facts = check_clip(path)
    assert 0 < facts.frames <= 30
    assert facts.frames == len(list(iterate_frames(path, None)))
    assert facts.sound_samples == read_sound(path).size


def test_no_damage_raises_anything_but_a_defect(tmp_path: Path):
    content = made(tmp_path / "a.mp4").read_bytes()
    for seed in range(60):
        draw = np.random.default_rng(seed)
        damaged = bytearray(content)
        start = draw.integers(len(damaged))
        if seed % 3:
            damaged[start : start + draw.integers(1, 400)] = draw.bytes(draw.integers(1, 400))
        else:
            del damaged[start:]
        (tmp_path / "b.mp4").write_bytes(damaged)
        try:
            facts = check_clip(tmp_path / "b.mp4")
        except ClipDefect as defect:
            assert defect.reason in {"empty", "undecodable", "no_picture", "soundless"}  # noqa: PT017
        else:
            assert read_sound(tmp_path / "b.mp4").size == facts.sound_samples


def test_libav_prints_nothing(tmp_path: Path, capfd):
    path = made(tmp_path / "a.mp4")
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    check_clip(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.real
def test_real_clips_are_decoded_whole():
    for path in filmed_clips()[::8]:
        facts = check_clip(path)
        with av.open(str(path)) as container:
            announced = container.streams.video[0].frames
            length = container.duration / av.time_base
        assert facts.frames == announced
        assert facts.duration_s == pytest.approx(length, abs=0.05)
        assert facts.sound_samples == read_sound(path).size
