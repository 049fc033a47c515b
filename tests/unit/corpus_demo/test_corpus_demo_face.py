"""Drawn faces are what detectors of faces look for, and move as told."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from real_media import yunet_file

from merflow.corpus.demo.acting import draw_rest
from merflow.corpus.demo.clips import clip_scene, clip_sound, make_clip
from merflow.corpus.demo.face import Face, Pose
from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.identity import draw_identity
from merflow.corpus.demo.labels import clip_labels
from merflow.faces.cascade import Cascade
from merflow.media.video import iterate_frames
from merflow.seeds import generator

WIDTH, HEIGHT = 240, 180


def face_of(number, width=WIDTH, height=HEIGHT, rest=None):
    rng = generator(0, "test-face", number)
    who = draw_identity(rng, female=number % 2 == 1)
    return Face(who, width, height, rest or Pose(), rng.uniform(-1, 1), rng)


def any_expression(rng):
    return Expression(
        brow_raise=rng.uniform(-0.5, 1.0),
        inner_brow=rng.uniform(-1.0, 0.9),
        eye_open=rng.uniform(0.66, 1.4),
        mouth_curve=rng.uniform(-0.9, 1.0),
        mouth_open=rng.uniform(0.0, 0.85),
        mouth_width=rng.uniform(0.88, 1.2),
        nose_wrinkle=rng.uniform(0.0, 0.6),
    )


def overlap(one, other):
    """Return intersection over union of two boxes x, y, width, height."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    inside = np.prod(np.maximum(high - low, 0))
    return inside / (np.prod(one[2:]) + np.prod(other[2:]) - inside)


@pytest.fixture(scope="module")
def sample():
    """Frames of 20 faces with any expression, and the box of each face."""
    cv2.setNumThreads(1)
    frames = []
    for number in range(20):
        rng = generator(1, "test-sample", number)
        rest = draw_rest(rng)
        face = face_of(number, rest=rest)
        for _ in range(3):
            pose = replace(rest, x=rest.x + rng.normal(0, 0.01), roll=rest.roll + rng.normal(0, 2))
            frames.append((face.draw(any_expression(rng), pose), face.box(pose)))
    return frames


def test_the_cascade_finds_exactly_one_face_and_two_eyes(sample):
    faces = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    eyes = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_eye.xml")
    one = two = 0
    for frame, box in sample:
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        found = faces.detectMultiScale(gray, 1.1, 3, minSize=(HEIGHT // 5, HEIGHT // 5))
        if len(found) != 1 or overlap(found[0], box) < 0.5:
            continue
        one += 1
        x, y, width, height = found[0]
        upper = gray[y : y + int(0.6 * height), x : x + width]
        pairs = eyes.detectMultiScale(upper, 1.05, 3, minSize=(width // 7, width // 7))
        middles = [left + wide / 2 for left, _, wide, _ in pairs]
        two += any(m < width / 2 for m in middles) and any(m > width / 2 for m in middles)
    assert one >= 0.98 * len(sample)
    assert two >= 0.95 * len(sample)


@pytest.mark.real
def test_yunet_finds_exactly_one_face(sample):
    detector = cv2.FaceDetectorYN.create(str(yunet_file()), "", (WIDTH, HEIGHT), 0.6)
    one = 0
    for frame, box in sample:
        _, found = detector.detect(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        one += found is not None and len(found) == 1 and overlap(found[0][:4], box) >= 0.5
    assert one >= 0.98 * len(sample)


def test_the_cascade_finds_the_faces_of_whole_clips_after_the_mp4(tmp_path):
    pytest.importorskip("parselmouth")
    numbers = {"train": 3, "test1": 1, "test2": 4}
    spec = {"seed": 1, "clips": numbers, "speakers": 24, "label_noise": 0.0, "duration_s": 2.0}
    spec |= {"fps": 6.0, "width": WIDTH, "height": HEIGHT}
    detector = Cascade(side=360, min_face=0.2)
    seen = []
    for label in clip_labels(spec):
        path = tmp_path / f"{label.clip}.mp4"
        make_clip(label, spec, path)
        face, moments = clip_scene(label, spec, clip_sound(label, spec))
        for (_, frame), (_, pose) in zip(iterate_frames(path, None), moments, strict=True):
            found = detector.detect(frame)
            boxes = [(one.x, one.y, one.w, one.h) for one in found]
            seen.append(len(boxes) == 1 and overlap(boxes[0], face.box(pose)) >= 0.5)
    assert len(seen) == 96
    assert np.mean(seen) >= 0.98


def test_the_box_of_a_face_holds_all_that_moves_in_it_and_goes_with_the_head():
    face, pose = face_of(5), Pose(x=0.45, y=0.5, scale=0.33, roll=4.0)
    rest = face.draw(Expression(), pose).astype(int)
    moved = face.draw(Expression(0.5, -0.5, 0.0, 0.5, 0.6, 1.1, 0.5), pose).astype(int)
    rows, columns = np.nonzero(np.abs(rest - moved).max(2) > 8)
    x, y, width, height = face.box(pose)
    assert x <= columns.min()
    assert columns.max() < x + width
    assert y <= rows.min()
    assert rows.max() < y + height
    assert 0.6 * width < columns.max() - columns.min()
    upright = face.box(replace(pose, roll=0.0))
    assert face.box(replace(pose, x=0.55, roll=0.0)) - upright == pytest.approx([24, 0, 0, 0])
    assert face.box(replace(pose, scale=0.66, roll=0.0))[2:] == pytest.approx(2 * upright[2:])
    assert np.all(face.box(replace(pose, roll=10.0))[2:] > upright[2:])


@pytest.mark.parametrize(("width", "height"), [(240, 180), (128, 96), (322, 242)])
def test_frames_have_the_size_asked_for(width, height):
    frame = face_of(0, width, height).draw(Expression(), Pose())
    assert frame.shape == (height, width, 3)
    assert frame.dtype == np.uint8


def test_the_same_seed_draws_the_same_pixels_and_drawing_leaves_no_trace():
    first, second = face_of(3), face_of(3)
    wanted = first.draw(Expression(), Pose())
    second.draw(Expression(mouth_open=0.8, eye_open=0.0), Pose(x=0.4, roll=5))
    assert np.array_equal(second.draw(Expression(), Pose()), wanted)


def test_speakers_look_different():
    means = [face_of(n).draw(Expression(), Pose()).mean((0, 1)) for n in range(6)]
    assert min(np.abs(a - b).max() for a in means for b in means if a is not b) > 1


@pytest.mark.parametrize(
    "other",
    [
        Expression(brow_raise=0.8),
        Expression(inner_brow=-0.8),
        Expression(eye_open=0.0),
        Expression(mouth_curve=0.8),
        Expression(mouth_open=0.5),
        Expression(mouth_width=1.2),
        Expression(nose_wrinkle=0.8),
        Expression(gaze_x=1.0),
        Expression(gaze_y=-1.0),
    ],
)
def test_each_number_of_an_expression_is_seen(other):
    face = face_of(2)
    rest, moved = (face.draw(shown, Pose()).astype(int) for shown in (Expression(), other))
    assert np.abs(rest - moved).max() > 20


def test_a_wider_mouth_changes_more_of_the_picture():
    face = face_of(1)
    shut = face.draw(Expression(), Pose()).astype(int)
    changed = []
    for mouth_open in (0.2, 0.4, 0.6, 0.8):
        frame = face.draw(Expression(mouth_open=mouth_open), Pose())
        changed.append(int((np.abs(frame - shut).max(2) > 25).sum()))
    assert changed == sorted(changed)
    assert changed[-1] > 2 * changed[0] > 0


def test_a_head_moves_with_its_pose():
    rng = generator(0, "test-face", 4)
    face = Face(draw_identity(rng, female=False), WIDTH, HEIGHT, Pose(), 0.0, rng)
    left, right = (face.draw(Expression(), Pose(x=x)).astype(int) for x in (0.4, 0.6))
    middle = {x: round(x * WIDTH) for x in (0.4, 0.6)}
    here, there = (
        picture[50:130, middle[x] - 30 : middle[x] + 30]
        for picture, x in ((left, 0.4), (right, 0.6))
    )
    assert np.abs(here - there).max() <= 2
    assert np.abs(left - right).max() > 50
