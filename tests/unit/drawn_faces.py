"""Drawn faces whose place and eyes are known."""

import cv2
import numpy as np

from merflow.corpus.demo.face import Face, Pose
from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.identity import draw_identity
from merflow.corpus.demo.portrait import EYE_LEVEL

cv2.setNumThreads(1)
WIDTH, HEIGHT = 240, 180


class Portrait:
    """One drawn speaker, and where the eyes were drawn."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.who = draw_identity(rng, bool(seed % 2))
        self.face = Face(self.who, WIDTH, HEIGHT, Pose(), 0.3, rng)

    def frame(self, pose: Pose | None = None) -> np.ndarray:
        return self.face.draw(Expression(), pose or Pose())

    def eyes(self, pose: Pose) -> np.ndarray:
        angle = np.deg2rad(pose.roll)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        apart = np.array([[-1, 0], [1, 0]]) * self.who.eye_apart + [0, EYE_LEVEL]
        return apart @ turn.T * pose.scale * HEIGHT + [pose.x * WIDTH, pose.y * HEIGHT] - 0.5
