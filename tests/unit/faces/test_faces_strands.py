import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.faces.choose import chosen, closeness
from merflow.faces.detect import Detection
from merflow.faces.overlap import box_of, overlap
from merflow.faces.persons import persons_of
from merflow.faces.sightings import Sighting
from merflow.faces.strands import Strand, Strands

boxes = st.tuples(*[st.floats(-100, 100)] * 2, *[st.floats(0.1, 100)] * 2)
NOWHERE = np.full((5, 2), np.nan, dtype=np.float32)
NO_PICTURE = np.zeros((112, 112, 3), np.uint8)


def face(x, y=0.0, size=40.0):
    return Detection(float(x), float(y), float(size), float(size), 1.0, NOWHERE)


def look(size):
    """Return what a person looks like: faces of one size are one person."""
    values = np.random.default_rng(int(size * 1000)).exponential(size=(2, 128))
    return (values / np.linalg.norm(values, axis=1)[:, None]).ravel().astype(np.float32)


def strands_of(film, looks=look):
    strands = Strands()
    for number, frame in enumerate(film):
        strands.see(number, frame, [looks(found.w) for found in frame])
        for strand in strands.seen(number):
            strand.sightings[number] = Sighting(strand.face, NO_PICTURE)
    return strands.all


def main(film, person="largest", size=(320, 240), looks=look):
    found = chosen(persons_of(strands_of(film, looks)), person, size)
    return found.looked_at if found else {}


def walk(seed, frames=12, start=0.0, size=40.0):
    steps = np.random.default_rng(seed).uniform(-8, 8, (frames, 2)).cumsum(axis=0)
    return [face(start + dx, dy, size) for dx, dy in steps]


@given(boxes, boxes)
def test_overlap_is_symmetric_and_a_share(one, other):
    share = overlap(one, other)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(overlap(other, one))


@given(boxes)
def test_a_box_overlaps_itself_wholly(box):
    assert overlap(box, box) == pytest.approx(1)


@given(boxes, boxes, st.floats(-50, 50), st.floats(0.1, 10))
def test_overlap_does_not_depend_on_place_or_unit(one, other, shift, unit):
    def moved(box):
        return tuple(unit * (v + shift) if k < 2 else unit * v for k, v in enumerate(box))

    assert overlap(moved(one), moved(other)) == pytest.approx(overlap(one, other), abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ((0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 2.0, 2.0), 1 / 3),
        ((0.0, 0.0, 4.0, 4.0), (1.0, 1.0, 2.0, 2.0), 1 / 4),
        ((0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 2.0), 0),
        ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), 0),
    ],
)
def test_overlap_of_known_boxes(one, other, share):
    assert overlap(one, other) == pytest.approx(share)


@given(st.integers(0, 2**31))
def test_one_face_is_one_track(seed):
    person = walk(seed)
    assert main([[one] for one in person]) == dict(enumerate(person))


@given(st.integers(0, 2**31), st.sets(st.integers(0, 11), max_size=11), st.floats(5, 39))
def test_a_second_smaller_face_changes_nothing(seed, frames, size):
    person, other = walk(seed), walk(seed + 1, start=300, size=size)
    film = [[one, other[k]] if k in frames else [one] for k, one in enumerate(person)]
    assert main(film) == dict(enumerate(person))


@given(st.integers(0, 2**31), st.lists(st.integers(1, 10), unique=True, max_size=3))
def test_missed_frames_do_not_change_the_person(seed, missed):
    still = [face(dx, dy) for dx, dy in np.random.default_rng(seed).uniform(-4, 4, (12, 2))]
    other = walk(seed, start=300, size=30)
    film = [[other[k]] if k in missed else [still[k], other[k]] for k in range(12)]
    assert main(film) == {k: still[k] for k in range(12) if k not in missed}


@given(st.randoms(), st.integers(0, 2**31), st.integers(1, 4))
def test_the_order_of_detections_does_not_count(random, seed, persons):
    walks = [walk(seed + k, start=25 * k, size=40 + k) for k in range(persons)]
    film = [list(frame) for frame in zip(*walks, strict=True)]
    shuffled = [random.sample(frame, len(frame)) for frame in film]
    assert main(shuffled) == main(film)
    assert len(strands_of(shuffled)) == len(strands_of(film))


@given(st.lists(st.booleans(), min_size=2, max_size=12))
def test_neighbours_whose_boxes_overlap_are_kept_apart(swapped):
    film = [[face(0), face(25)][:: -1 if swap else 1] for swap in swapped]
    tracks = [{one.x for one in s.faces.values()} for s in strands_of(film, lambda _: look(1))]
    assert tracks == [{0.0}, {25.0}]
    assert {one.x for one in main(film).values()} == {0.0}


@given(st.integers(0, 2**31), st.integers(1, 4))
def test_each_detection_is_in_one_track(seed, persons):
    walks = [walk(seed + k, start=25 * k) for k in range(persons)]
    film = [list(frame) for frame in zip(*walks, strict=True)]
    held = [(k, box_of(one)) for strand in strands_of(film) for k, one in strand.faces.items()]
    assert sorted(held) == sorted((k, box_of(one)) for k, frame in enumerate(film) for one in frame)


def test_a_large_passer_by_loses_against_a_small_constant_face():
    film = [[face(0, size=40)] for _ in range(20)]
    film[7].append(face(300, size=120))
    assert len(main(film)) == 20
    film[7][-1] = face(300, size=40 * 4.6)
    assert len(main(film)) == 1


def test_no_face_no_track():
    assert main([[], []]) == {}
    assert main([]) == {}


def test_the_central_face_is_chosen_though_another_is_larger():
    film = [[face(140, 100, 40), face(0, 0, 90)] for _ in range(6)]
    assert {one.w for one in main(film, "central").values()} == {40}
    assert {one.w for one in main(film, "largest").values()} == {90}


def test_a_face_that_crosses_the_centre_is_not_the_central_one():
    film = [[face(120, 90)] for _ in range(12)]
    film[5].append(face(140, 100, 41))
    film[6].append(face(140, 100, 41))
    film[5][0] = film[6][0] = face(100, 90)
    assert len(main(film, "central")) == 12


@given(boxes)
def test_closeness_is_a_share_and_greatest_in_the_middle(box):
    x, y, side, _ = box
    value = closeness(face(x, y, side), (320, 240))
    assert 0 <= value <= closeness(face(160 - side / 2, 120 - side / 2, side), (320, 240)) == 1


def test_the_place_decides_between_two_that_look_alike_and_looks_where_it_does_not():
    """Two cross between two looks: each is where the other was."""
    film = [[face(0, size=40), face(60, size=44)], [face(56, size=40), face(2, size=44)]]
    assert [list(s.faces) for s in strands_of(film)] == [[0], [0], [1], [1]]
    assert {one.w for one in main(film).values()} == {44}
    assert len(main(film)) == 2


def test_another_at_the_same_place_is_another_person():
    film = [[face(0, size=40)]] * 3 + [[face(0, size=41)]] * 2 + [[face(0, size=40)]] * 2
    assert list(main(film)) == [0, 1, 2, 5, 6]


def test_a_face_far_away_from_its_last_place_is_found_again_by_its_looks():
    film = [[face(0)], [face(0)], [face(200, 90)], []] + [[face(100, 20)]] * 2
    assert list(main(film)) == [0, 1, 2, 4, 5]


@given(st.lists(st.sampled_from([0, 100, 200]), min_size=1, max_size=20))
def test_who_goes_and_comes_back_is_seen_in_the_order_of_the_frames(places):
    film = [[face(place)] for place in places]
    (person,) = persons_of(strands_of(film))
    assert list(person.looked_at) == list(person.sightings) == list(range(len(film)))
    assert [one.x for one in person.looked_at.values()] == places
    assert [one.face.x for one in person.sightings.values()] == places


def test_what_was_followed_is_pulled_to_the_next_detection():
    strand = Strand()
    strand.find(0, face(0), look(40))
    for number in range(1, 5):
        strand.move(number, face(number))  # it really moves by two pixels a frame
    strand.find(4, face(8), look(40))
    assert [strand.faces[n].x for n in range(5)] == [0, 2, 4, 6, 8]
    assert not any(np.isfinite(one.landmarks).any() for one in strand.faces.values())


def test_what_was_followed_behind_a_miss_counts_only_if_it_is_found_again():
    for again in (False, True):
        strand = Strand()
        strand.find(0, face(0), look(40))
        for number in range(1, 7):
            strand.move(number, face(0))
            if number == 3:
                strand.miss(3)
        if again:
            strand.find(6, face(0), look(40))
        strand.drop_doubtful()
        assert list(strand.faces) == list(range(7 if again else 3))
