"""Whole takes of drawn faces: two in one picture, cuts, missed detections, people who pass."""

import numpy as np
import pytest
from drawn_faces import HEIGHT, WIDTH, Portrait

from merflow.corpus.demo.face import Pose
from merflow.faces.cascade import Cascade
from merflow.faces.choose import chosen
from merflow.faces.picture import Picture
from merflow.faces.watch import Watch

A, B = Portrait(1), Portrait(2)
LARGE, SMALL = 0.36, 0.3


def pose(number, scale, x=0.5):
    """Return a head that sways a little."""
    return Pose(x + 0.01 * np.sin(number), 0.5 + 0.01 * np.cos(number), scale, 2 * np.sin(number))


class Forgetful:
    """A detector that misses one of the faces in some frames."""

    weights_sha256 = "0" * 64

    def __init__(self, missed, left_of):
        self._detector, self._missed, self._left_of, self._seen = (
            Cascade(360, 0.2),
            missed,
            left_of,
            -1,
        )

    def detect(self, frame):
        self._seen += 1
        found = self._detector.detect(frame)
        if self._seen in self._missed:
            return [one for one in found if one.x > self._left_of]
        return found


def watched(film, every=1, detector=None):
    """Return the largest person's centre (x) by frame, and how many persons there are."""
    watch = Watch(detector or Cascade(360, 0.2), 360, every, moving=False)
    for frame in film:
        watch.look(Picture(frame))
    persons = watch.persons()
    person = chosen(persons, "largest", watch.size)
    faces = {number: one.face for number, one in person.sightings.items()}
    return {number: one.x + one.w / 2 for number, one in faces.items()}, len(persons)


def on_the_left(centres):
    return {number for number, x in centres.items() if x < WIDTH}


@pytest.mark.parametrize("every", [1, 3])
def test_a_second_face_does_not_switch_the_person(every):
    film = [np.hstack([A.frame(pose(n, LARGE)), B.frame(pose(n + 3, SMALL))]) for n in range(12)]
    centres, persons = watched(film, every)
    assert on_the_left(centres) == set(centres) == set(range(12))
    assert persons == 2


@pytest.mark.parametrize("every", [1, 3])
def test_two_who_swap_sides_at_a_cut_are_told_apart(every):
    a = [A.frame(pose(n, LARGE)) for n in range(12)]
    b = [B.frame(pose(n + 3, SMALL)) for n in range(12)]
    film = [np.hstack((a[n], b[n]) if n < 6 else (b[n], a[n])) for n in range(12)]
    centres, persons = watched(film, every)
    assert len(centres) >= 11
    assert on_the_left(centres) == {n for n in centres if n < 6}
    assert persons == 2


@pytest.mark.parametrize("every", [1, 4])
def test_a_cut_to_another_and_back_finds_the_person_again(every):
    film = [A.frame(pose(n, LARGE)) for n in range(16)]
    film[6:11] = [B.frame(pose(n, LARGE)) for n in range(6, 11)]
    centres, persons = watched(film, every)
    assert persons == 2
    assert set(centres) == set(range(16)) - set(range(6, 11))


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("missed", [{2}, {1, 2}, {0, 4}])
def test_missed_detections_do_not_switch_the_person(every, missed):
    film = [np.hstack([A.frame(pose(n, LARGE)), B.frame(pose(n + 3, SMALL))]) for n in range(12)]
    centres, _ = watched(film, every, Forgetful(missed, WIDTH))
    assert on_the_left(centres) == set(centres)
    assert len(centres) >= 12 - len(missed) * every


@pytest.mark.parametrize("every", [1, 2])
def test_two_who_pass_each_other_keep_their_names(every):
    """B walks from left to right in front of A, who walks from right to left."""
    steps = np.linspace(0.24, 0.76, 14)
    film, truth = [], []
    for number, step in enumerate(steps):
        frame = A.frame(pose(number, LARGE, 1 - step)).copy()
        before = pose(number, SMALL, step)
        x, y, w, h = np.round(B.face.box(before)).astype(int)
        top, bottom, left, right = max(y - 15, 0), y + h, max(x - 4, 0), x + w + 4
        frame[top:bottom, left:right] = B.frame(before)[top:bottom, left:right]
        film.append(frame)
        truth.append(((1 - step) * WIDTH, step * WIDTH))
    centres, _ = watched(film, every)
    away = np.array([np.abs(np.subtract(truth[number], x)) for number, x in centres.items()])
    assert away.max(axis=0).min() < 0.12 * WIDTH
    assert {0, 13} <= set(centres)


def test_following_agrees_with_detecting_each_frame():
    film = [A.frame(pose(0.4 * n, LARGE)) for n in range(16)]
    each, _ = watched(film, 1)
    between, _ = watched(film, 5)
    assert set(between) == set(each) == set(range(16))
    assert max(abs(each[n] - between[n]) for n in each) < 0.06 * HEIGHT
