"""A clip's crops and its track tell of the same frames in the same order."""

import numpy as np
from drawn_faces import HEIGHT, WIDTH, Portrait

from merflow.corpus.demo.face import Pose
from merflow.faces.align import align, crop, cut_patch
from merflow.faces.crops import TRACK
from merflow.faces.detect import Detection
from merflow.faces.extract import face_of_clip
from merflow.media.mux import write_clip
from merflow.media.sound import RATE
from merflow.media.video import iterate_frames

PORTRAIT = Portrait(1)
LEFT, RIGHT = 0.32, 0.68
SIDES = [LEFT] * 3 + [RIGHT] * 3 + [LEFT] * 3
POSES = [Pose(x, 0.5, 0.3, 4 * number - 16) for number, x in enumerate(SIDES)]
WALL = np.kron(np.indices((6, 16)).sum(axis=0) % 2, np.full((30, 30), 220)).astype(np.uint8)
"""Beside the face, so that most of the picture stays: a cut it is not."""


class Knowing:
    """A detector that knows where the face was drawn."""

    weights_sha256 = "0" * 64

    def __init__(self):
        self._poses = iter(POSES)

    def detect(self, frame):
        assert frame.shape[:2] == (HEIGHT, WIDTH + WALL.shape[1])
        pose = next(self._poses)
        landmarks = np.full((5, 2), np.nan, dtype=np.float32)
        landmarks[:2] = PORTRAIT.eyes(pose)
        return [Detection(*map(float, PORTRAIT.face.box(pose)), 0.9, landmarks)]


def test_each_crop_is_of_its_row_though_the_face_goes_and_comes_back(spec, tmp_path):
    film = tmp_path / "film.mp4"
    wall = WALL[:, :, None].repeat(3, axis=2)
    frames = [np.hstack([PORTRAIT.frame(pose), wall]) for pose in POSES]
    write_clip(film, frames, 10.0, np.zeros(RATE), RATE)
    clip = face_of_clip(film, Knowing(), spec | {"fps": None})
    assert (clip.facts.persons, clip.facts.cuts, clip.facts.returns) == (1, 0, 1)
    assert len(clip.crops) == len(clip.track) == len(POSES)
    seen = [frame for _, frame in iterate_frames(film, None)]
    expected = [crop_of(frame, row) for frame, row in zip(seen, clip.track, strict=True)]
    away = np.abs(clip.crops[:, None].astype(int) - np.array(expected)).mean(axis=(2, 3, 4))
    assert list(away.argmin(axis=1)) == list(range(len(POSES)))
    assert away.diagonal().max() < 1


def crop_of(frame, row):
    """Return the crop of the face that a row of the track tells of."""
    landmarks = row[TRACK.index("score") + 1 :].reshape(5, 2)
    face = Detection(*map(float, row[2:7]), landmarks)
    return crop(cut_patch(frame, face), align(face))
