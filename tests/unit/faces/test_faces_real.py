"""Both detectors on filmed faces."""

import numpy as np
import pytest
from real_media import filmed_clips, speaker_of, yunet_file

from merflow.faces.align import TEMPLATE, align_track
from merflow.faces.crops import TRACK
from merflow.faces.detect import Detection, make_detector
from merflow.faces.extract import face_of_clip
from merflow.media.mux import write_clip
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames
from merflow.storage.digest import file_sha256


def tracked(track):
    """Return the detections of a track table by frame."""
    return {
        int(row[0]): Detection(*map(float, row[2:7]), row[7:].reshape(5, 2))
        for row in track
        if not np.isnan(row[TRACK.index("score")])
    }


@pytest.mark.real
@pytest.mark.parametrize("backend", ["cascade", "yunet"])
def test_filmed_faces_are_found_and_upright(spec, backend):
    network = yunet_file()
    yunet = {"path": str(network), "sha256": file_sha256(network)}
    detector = make_detector(spec | {"backend": backend, "yunet": yunet})
    for path in filmed_clips()[::24]:
        clip = face_of_clip(path, detector, spec | {"fps": 5.0})
        seen = clip.track[:, TRACK.index("score")] == clip.track[:, TRACK.index("score")]
        assert len(clip.crops) == seen.sum() >= 0.5 * len(clip.track)
        # These clips fade in from black: once there, the face stays in sight.
        assert seen[np.argmax(seen) :].mean() > 0.8
        faces = tracked(clip.track)
        eyes = np.array(
            [
                faces[number].landmarks[:2] @ matrix[:, :2].T + matrix[:, 2]
                for number, matrix in align_track(faces).items()
            ]
        )
        assert np.abs(np.nanmedian(eyes, axis=0) - TEMPLATE[:2]).max() < 5
        assert np.nanmedian(np.abs(eyes[:, 1, 1] - eyes[:, 0, 1])) < 3
        assert clip.crops.std(axis=(1, 2, 3)).min() > 15


def side_by_side(one, other, sound, path):
    """Write two filmed clips as one, for as long as the shorter lasts, with the sound of one."""
    frames = [
        np.hstack([a, b])
        for (_, a), (_, b) in zip(iterate_frames(one, None), iterate_frames(other, None))  # noqa: B905
    ]
    write_clip(path, frames, 29.97, read_sound(sound)[: round(len(frames) / 29.97 * RATE)], RATE)


def real_pairs(count):
    """Return pairs of clips of two speakers, of like length of speech."""
    clips = filmed_clips()
    draws = np.random.default_rng(1)
    while count:
        one, other = draws.choice(clips, 2)
        if speaker_of(one) != speaker_of(other):
            count -= 1
            yield one, other


@pytest.fixture
def yunet(spec):
    network = yunet_file()
    settings = {"path": str(network), "sha256": file_sha256(network)}
    return spec | {"backend": "yunet", "yunet": settings, "detect_side": 128, "fps": 5.0}


@pytest.mark.real
def test_of_two_filmed_persons_one_is_followed(yunet, tmp_path):
    detector = make_detector(yunet)
    for one, other in real_pairs(3):
        side_by_side(one, other, one, tmp_path / "two.mp4")
        for change in ({}, {"fps": None, "detect_every": 8}):
            clip = face_of_clip(tmp_path / "two.mp4", detector, yunet | change)
            left = clip.track[:, 2][~np.isnan(clip.track[:, 2])] < 300
            assert left.all() or not left.any()
            assert len(left) >= 0.8 * len(clip.track)
            assert clip.facts.switches == 0


@pytest.mark.real
def test_a_cut_to_another_filmed_person_and_back_keeps_the_first(yunet, tmp_path):
    detector = make_detector(yunet)
    for one, other in real_pairs(4):
        first, second = ([f for _, f in iterate_frames(path, 5.0)][3:] for path in (one, other))
        film = [*first[:3], *second[:2], *first[3:]]
        write_clip(tmp_path / "cut.mp4", film, 5, np.zeros(RATE), RATE)
        clip = face_of_clip(tmp_path / "cut.mp4", detector, yunet | {"fps": None})
        kept = set(np.flatnonzero(~np.isnan(clip.track[:, 2])))
        assert not kept & {3, 4}
        assert len(kept) >= 0.8 * (len(film) - 2)
        assert clip.facts.persons == 2


@pytest.mark.real
def test_the_filmed_speaker_who_is_heard_is_mostly_found(yunet, tmp_path):
    detector, right = make_detector(yunet), []
    for number, (one, other) in enumerate(real_pairs(10)):
        heard = (one, other)[number % 2]
        side_by_side(one, other, heard, tmp_path / "two.mp4")
        clip = face_of_clip(tmp_path / "two.mp4", detector, yunet | {"person": "speaking"})
        if clip.facts.person == "speaking":
            right.append((np.nanmedian(clip.track[:, 2]) < 300) == (number % 2 == 0))
    assert len(right) >= 6
    assert np.mean(right) >= 0.7
