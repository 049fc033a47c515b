"""Faces in action: drawn crops whose actions are known, one range for each, all independent.

No class of emotion has a part in them: every action is drawn by itself.
"""

from dataclasses import fields

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from merflow.corpus.demo.face import Face, Pose
from merflow.corpus.demo.features import Expression, habitual
from merflow.corpus.demo.identity import Identity, draw_identity
from merflow.corpus.demo.portrait import EYE_LEVEL
from merflow.encoders.demo.made import Arrays, speaker_name
from merflow.faces.align import align_track, crop, cut_patch
from merflow.faces.detect import Detection
from merflow.seeds import generator

FACES = 16  # of each speaker
WIDTH, HEIGHT = 256, 192  # of the frame, pixels
RANGES = {
    "brow_raise": (-0.7, 1.0),
    "inner_brow": (-1.0, 1.0),
    "eye_open": (0.3, 1.4),
    "mouth_curve": (-1.0, 1.0),
    "mouth_open": (0.0, 0.85),
    "mouth_width": (0.84, 1.24),
    "nose_wrinkle": (0.0, 0.8),
    "gaze_x": (-0.8, 0.8),
    "gaze_y": (-0.6, 0.6),
}
ACTIONS = tuple(field.name for field in fields(Expression) if field.name in RANGES)
ROLL_SD = 3.0  # degrees
SWAY = 0.012  # share of the frame
# The cascade's box and eyes on drawn faces, in face units (medians and deviations, ours).
BOX, BOX_SD = 1.68, 0.07
BOX_BELOW = 0.10  # of the box's middle under the face's
EYE_SD = 0.01


def faces_of(seed: int, number: int) -> Arrays:
    """Return aligned crops of one speaker: ``crops`` uint8 [16, 112, 112, 3], ``actions``.

    The actions are float32 [16, actions] in the order of :data:`ACTIONS`, as they are seen: what
    was drawn, on the speaker's resting face.
    """
    name = speaker_name(number)
    who = draw_identity(generator(seed, "demo-identity", name), number % 2 == 1)
    rng = generator(seed, "demo-actions", name)
    rest = Pose(
        x=0.5 + rng.uniform(-0.05, 0.05),
        y=0.5 + rng.uniform(-0.02, 0.03),
        scale=rng.uniform(0.31, 0.36),
    )
    face = Face(who, WIDTH, HEIGHT, rest, rng.uniform(-1, 1), rng)
    crops, actions = [], []
    for _ in range(FACES):
        shown = Expression(**{name: rng.uniform(*RANGES[name]) for name in ACTIONS})
        x, y = rng.uniform(-SWAY, SWAY, 2)
        pose = Pose(rest.x + x, rest.y + y, rest.scale, rng.normal(0.0, ROLL_SD))
        crops.append(aligned(face.draw(shown, pose), detected(who, pose, rng)))
        seen = habitual(who, shown)
        actions.append([getattr(seen, name) for name in ACTIONS])
    return {"crops": np.stack(crops), "actions": np.array(actions, np.float32)}


def detected(who: Identity, pose: Pose, rng: np.random.Generator) -> Detection:
    """Return what the cascade would find of a face: the box and the eyes, with its errors."""
    unit, angle = pose.scale * HEIGHT, np.deg2rad(pose.roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([pose.x * WIDTH, pose.y * HEIGHT])

    def placed(points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
        return middle + unit * points @ turn.T

    eyes = np.array([[-who.eye_apart, EYE_LEVEL], [who.eye_apart, EYE_LEVEL]])
    landmarks = np.full((5, 2), np.nan, np.float32)
    landmarks[:2] = placed(eyes + rng.normal(0.0, EYE_SD, (2, 2))) - 0.5
    side = unit * BOX * (1 + rng.normal(0.0, BOX_SD / BOX))
    x, y = placed(np.array([[0.0, BOX_BELOW]]))[0] - side / 2
    return Detection(float(x), float(y), float(side), float(side), 1.0, landmarks)


def aligned(frame: UInt8[np.ndarray, "h w 3"], found: Detection) -> UInt8[np.ndarray, "112 112 3"]:
    """Return the crop that the faces step would make of a single frame."""
    return crop(cut_patch(frame, found), align_track({0: found})[0])


def standardised(
    actions: Float32[np.ndarray, "faces actions"],
) -> Float32[np.ndarray, "faces actions"]:
    """Return actions of mean 0 and deviation 1."""
    return (actions - actions.mean(axis=0)) / actions.std(axis=0)
