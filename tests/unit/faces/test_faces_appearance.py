import numpy as np
import pytest
from drawn_faces import Portrait

from merflow.corpus.demo.face import Pose
from merflow.faces.appearance import likeness, look_of, mean_look
from merflow.faces.detect import Detection
from merflow.faces.persons import SAME_PERSON
from merflow.faces.strands import SAME_FACE

NOWHERE = np.full((5, 2), np.nan, dtype=np.float32)
POSES = [Pose(0.5, 0.5, 0.34, 0), Pose(0.53, 0.47, 0.32, 4), Pose(0.48, 0.52, 0.36, -4)]


def box(portrait, pose):
    return Detection(*map(float, portrait.face.box(pose)), 1.0, NOWHERE)


@pytest.fixture(scope="module")
def looks():
    """Looks of eight persons in three poses."""
    persons = [Portrait(seed) for seed in range(8)]
    return [[look_of(one.frame(pose), box(one, pose)) for pose in POSES] for one in persons]


def test_one_person_is_alike_in_all_poses_and_two_are_not(looks):
    for k, person in enumerate(looks):
        for look in person:
            assert likeness(person[0], look) > SAME_PERSON > SAME_FACE
            assert all(
                likeness(look, other[0]) < SAME_FACE for j, other in enumerate(looks) if j != k
            )


def test_likeness_is_one_of_itself_and_symmetric(looks):
    one, other = looks[0][0], looks[1][1]
    assert likeness(one, one) == pytest.approx(1, abs=1e-6)
    assert likeness(one, other) == likeness(other, one)
    assert likeness(mean_look([one, one]), one) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.3])
def test_a_fade_does_not_change_a_person(gain):
    portrait = Portrait(3)
    frame = portrait.frame(POSES[0])
    faded = np.clip(frame * gain, 0, 255).astype(np.uint8)
    found = box(portrait, POSES[0])
    assert likeness(look_of(frame, found), look_of(faded, found)) > SAME_PERSON


@pytest.mark.parametrize("place", [(-30.0, -20.0), (200.0, 150.0), (500.0, 500.0)])
def test_a_box_at_or_beyond_the_edge_has_a_look(place):
    frame = Portrait(1).frame()
    look = look_of(frame, Detection(*place, 60.0, 60.0, 1.0, NOWHERE))
    assert np.isfinite(look).all()
