"""Both detectors on filmed faces."""

import os
from pathlib import Path

import numpy as np
import pytest

from merflow.faces.align import TEMPLATE, align_track
from merflow.faces.crops import TRACK
from merflow.faces.detect import Detection, make_detector
from merflow.faces.extract import face_of_clip
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
    folder = os.environ.get("MERFLOW_REAL_DATA")
    if not folder:
        pytest.skip("MERFLOW_REAL_DATA is not set: no filmed faces")
    network = next(Path(folder, "weights").glob("face_detection_yunet*.onnx"))
    yunet = {"path": str(network), "sha256": file_sha256(network)}
    detector = make_detector(spec | {"backend": backend, "yunet": yunet})
    for path in sorted(Path(folder, "data", "javanese_av").glob("*.mp4"))[::24]:
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
