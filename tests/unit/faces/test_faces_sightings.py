"""A face that is aligned at once has the crop that the whole track gives it."""

import numpy as np
import pytest
from drawn_faces import HEIGHT, WIDTH, Portrait

from merflow.corpus.demo.face import Pose
from merflow.faces.align import Patch, align_track, crop, cut_patch
from merflow.faces.cascade import Cascade
from merflow.faces.detect import Detection
from merflow.faces.picture import Picture
from merflow.faces.sightings import crops_of, sighting
from merflow.faces.watch import Watch

PORTRAIT = Portrait(1)
POSES = [Pose(0.5 + 0.02 * np.sin(n), 0.5, 0.34, 4 * np.cos(n)) for n in range(12)]


def face(pose, eyes):
    """Return the face of a pose, its eyes known or not."""
    landmarks = np.full((5, 2), np.nan, dtype=np.float32)
    if eyes:
        landmarks[:2] = PORTRAIT.eyes(pose)
    x, y, w, h = map(float, PORTRAIT.face.box(pose))
    return Detection(x, y, w, h, 1.0, landmarks)


@pytest.mark.parametrize("without", [set(), {3}, {0, 4, 5, 11}, set(range(12))])
def test_crops_are_those_of_the_whole_track(without):
    frames = [PORTRAIT.frame(pose) for pose in POSES]
    track = {n: face(pose, n not in without) for n, pose in enumerate(POSES)}
    patches = {n: cut_patch(frames[n], one) for n, one in track.items()}
    kept = {n: sighting(one, patches[n]) for n, one in track.items()}
    assert {n for n, one in kept.items() if isinstance(one.picture, Patch)} == without
    maps = align_track(track)
    for n, found in zip(track, crops_of(kept), strict=True):
        np.testing.assert_array_equal(found, crop(patches[n], maps[n]))


def test_of_nobody_there_is_no_crop():
    assert crops_of({}) == []


@pytest.mark.parametrize("every", [1, 4])
def test_surroundings_are_kept_until_the_next_detection_only(every):
    watch = Watch(Cascade(360, 0.2), 360, every, moving=False)
    for n in range(40):
        watch.look(Picture(PORTRAIT.frame(POSES[n % 12])))
        assert sum(len(strand.open) for strand in watch.strands.all) < every
    (person,) = watch.persons()
    assert set(person.sightings) == set(range(40))
    pictures = [one.picture for one in person.sightings.values()]
    assert sum(isinstance(picture, np.ndarray) for picture in pictures) >= 36


@pytest.mark.parametrize("every", [1, 3])
def test_where_the_size_of_the_frames_changes_each_face_is_in_pixels_of_its_own(every):
    """Shrunk to the same side, and to one that is not reached."""
    for side in (90, 360):
        watch = Watch(Cascade(side, 0.2), side, every, moving=False)
        for n in range(12):
            frame = PORTRAIT.frame(POSES[n])
            watch.look(Picture(frame if n < 6 else frame.repeat(2, axis=0).repeat(2, axis=1)))
        (person,) = watch.persons()
        assert set(person.sightings) == set(range(12))
        for n, one in person.sightings.items():
            scale = 1 if n < 6 else 2
            centre = np.array([one.face.x + one.face.w / 2, one.face.y + one.face.h / 2]) / scale
            true = np.array([POSES[n].x * WIDTH, POSES[n].y * HEIGHT])
            assert np.abs(centre - true).max() < 0.08 * HEIGHT
