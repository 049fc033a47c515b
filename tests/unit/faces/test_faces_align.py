import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.faces import align
from merflow.faces.detect import Detection

angles = st.floats(-3.1, 3.1)
scales = st.floats(0.05, 20)
shifts = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


def affine(angle, scale, shift):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def applied(matrix, points):
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def face(x=50.0, y=40.0, w=80.0, h=80.0, landmarks=None):
    points = np.full((5, 2), np.nan, dtype=np.float32)
    if landmarks is not None:
        points[: len(landmarks)] = landmarks
    return Detection(*map(float, (x, y, w, h)), 1.0, points)


@given(angles, scales, shifts, st.sampled_from([[0, 1], [0, 1, 2], [0, 1, 2, 3, 4], [2, 4]]))
def test_similar_points_reach_the_template_exactly(angle, scale, shift, chosen):
    template = align.TEMPLATE[chosen]
    points = applied(affine(angle, scale, shift), template)
    found = align.similarity(points, template)
    np.testing.assert_allclose(applied(found, points), template, atol=1e-6)


@given(angles, scales, shifts, st.integers(0, 2**31))
def test_the_crop_does_not_depend_on_where_the_face_was(angle, scale, shift, seed):
    points = align.TEMPLATE + np.random.default_rng(seed).normal(0, 5, (5, 2))
    moved = applied(affine(angle, scale, shift), points)
    before = applied(align.similarity(points, align.TEMPLATE), points)
    after = applied(align.similarity(moved, align.TEMPLATE), moved)
    np.testing.assert_allclose(after, before, atol=1e-6)


@given(st.integers(0, 2**31), st.floats(-0.05, 0.05), st.integers(0, 3))
def test_no_other_similarity_is_nearer(seed, step, parameter):
    points = align.TEMPLATE + np.random.default_rng(seed).normal(0, 8, (5, 2))
    best = align.similarity(points, align.TEMPLATE)
    a, b = best[0, 0], best[1, 0]
    shift = best[:, 2].copy()
    a, b = a + step * (parameter == 0), b + step * (parameter == 1)
    shift += [20 * step * (parameter == 2), 20 * step * (parameter == 3)]
    other = np.column_stack([[a, b], [-b, a], shift])

    def error(matrix):
        return ((applied(matrix, points) - align.TEMPLATE) ** 2).sum()

    assert error(best) <= error(other) + 1e-9


def test_a_mirrored_face_is_not_mirrored_back():
    mirrored = align.TEMPLATE * [-1, 1]
    assert np.linalg.det(align.similarity(mirrored, align.TEMPLATE)[:, :2]) > 0


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.ones((1, 2)), np.ones((3, 2))])
def test_one_place_is_not_enough(points):
    with pytest.raises(ValueError, match="two different points"):
        align.similarity(points, align.TEMPLATE[: len(points)])


def test_five_landmarks_are_used_as_they_are():
    turned = applied(affine(0.3, 1.7, (60, 20)), align.TEMPLATE)
    matrix = align.align_track({0: face(landmarks=turned)})[0]
    np.testing.assert_allclose(applied(matrix, turned), align.TEMPLATE, atol=1e-3)


@given(st.floats(-0.5, 0.5), st.floats(0.7, 1.3))
def test_two_eyes_come_to_lie_level_around_the_middle_of_the_template(angle, wider):
    apart = wider * 14 * np.array([np.cos(angle), np.sin(angle)])
    eyes = np.add([90, 71], [-apart, apart])
    placed = applied(align.align_track({0: face(landmarks=eyes)})[0], eyes)
    assert placed[1, 1] - placed[0, 1] == pytest.approx(0, abs=0.5)
    np.testing.assert_allclose(placed.mean(axis=0), align.TEMPLATE[:2].mean(axis=0), atol=2.5)


@given(scales, shifts)
def test_alignment_follows_the_picture(scale, shift):
    """A film that is moved and scaled gives the same crops, with and without eyes."""
    eyes = np.array([[74, 70], [105, 74]])
    film = {0: face(landmarks=eyes), 1: face(x=53)}
    moved = {}
    for number, one in film.items():
        x, y = applied(affine(0, scale, shift), [one.x - 0.5, one.y - 0.5]) + 0.5
        points = applied(affine(0, scale, shift), one.landmarks)
        moved[number] = face(x, y, one.w * scale, one.h * scale, points)
    for number, before in align.align_track(film).items():
        after = align.align_track(moved)[number]
        box = np.array([[50, 40], [130, 120]])
        same = applied(affine(0, scale, shift), box)
        np.testing.assert_allclose(applied(after, same), applied(before, box), atol=0.05)


def test_a_frame_without_eyes_gets_the_usual_ones_of_its_track():
    offsets = np.array([[24, 30], [56, 34]])
    film = {k: face(x=50 + 5 * k, landmarks=np.add(offsets, [50 + 5 * k, 40])) for k in range(5)}
    wanted = align.align_track(film)[4]
    film[4] = face(x=70)
    np.testing.assert_allclose(align.align_track(film)[4], wanted, atol=1e-4)


def test_one_eye_counts_as_none():
    film = {0: face(landmarks=[[74, 70], [np.nan, np.nan]])}
    np.testing.assert_allclose(align.align_track(film)[0], align.align_track({0: face()})[0])


def test_a_track_without_eyes_is_cropped_upright_with_eyes_and_mouth_inside():
    placed = applied(align.align_track({0: face()})[0], align.FRONTAL * 80 + [49.5, 39.5])
    np.testing.assert_allclose(placed, align.TEMPLATE, atol=6)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0, 9.0])
def test_marked_landmarks_lie_at_the_template(scale):
    """From a small to a nine times too large face; dots are found where they belong."""
    side = int(160 * scale)
    points = applied(affine(0.2, scale, (30 * scale, 5 * scale)), align.TEMPLATE)
    frame = np.zeros((side, side, 3), dtype=np.uint8)
    for point in points:
        centre = tuple(int(value) for value in np.round(point * 16))
        radius = int(max(1.5, 3 * scale) * 16)
        cv2.circle(frame, centre, radius, (255, 255, 255), -1, cv2.LINE_AA, 4)
    size = 110 * scale
    found = face(*points.mean(axis=0) - size / 2, size, size, points)
    crop = align.crop(align.cut_patch(frame, found), align.align_track({0: found})[0])
    assert crop.shape == (112, 112, 3)
    _, _, stats, centres = cv2.connectedComponentsWithStats((crop[:, :, 0] > 100).astype(np.uint8))
    assert len(stats) == 6
    nearest = np.linalg.norm(centres[1:, None] - align.TEMPLATE, axis=2).min(axis=1)
    assert nearest.max() < 0.6


def test_a_large_face_does_not_alias():
    frame = np.zeros((1120, 1120, 3), dtype=np.uint8)
    frame[::2, ::2] = frame[1::2, 1::2] = 255
    found = face(60, 60, 1000, 1000, align.TEMPLATE * 10)
    crop = align.crop(align.cut_patch(frame, found), align.align_track({0: found})[0])
    assert crop[8:-8, 8:-8].std() < 3
    assert crop[8:-8, 8:-8].mean() == pytest.approx(127.5, abs=2)


@pytest.mark.parametrize(("side", "size"), [(200, 90), (1120, 700), (2001, 1500)])
def test_a_slope_of_grey_is_sampled_at_the_right_place(side, size):
    """Shrinking first must not shift the crop, not by half a pixel."""
    slope = np.round(np.linspace(0, 255, side)).astype(np.uint8)
    found = face((side - size) / 2, (side - size) / 2, size, size)
    matrix = align.align_track({0: found})[0]
    rows = []
    for line in (slope, slope[::-1]):
        frame = np.tile(line[None, :, None], (side, 1, 3))
        rows.append(align.crop(align.cut_patch(frame, found), matrix)[50, :, 0].astype(float))
    row = np.column_stack([np.arange(112), np.full(112, 50)])
    x = ((row - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T)[:, 0]
    inside = (x > 2) & (x < side - 3)
    # Rounding cancels out in the difference of both slopes.
    error = (rows[0] - rows[1])[inside] - 255 * (2 * x[inside] / (side - 1) - 1)
    assert abs(error.mean()) < 0.15


@given(st.floats(-200, 400), st.floats(-200, 400), st.floats(1, 600), st.floats(1, 600))
def test_a_box_that_leaves_the_frame_is_cropped_all_the_same(x, y, w, h):
    frame = np.full((90, 120, 3), 200, dtype=np.uint8)
    found = face(x, y, w, h)
    crop = align.crop(align.cut_patch(frame, found), align.align_track({0: found})[0])
    assert crop.shape == (112, 112, 3)
