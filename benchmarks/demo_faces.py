"""How often the cascade finds the demo's drawn faces, after the mp4 and split by split.

    python benchmarks/demo_faces.py [--clips 16] [--every 2] [--params params.yaml]

A frame counts where the backend finds exactly one box, and its intersection with the true box over
their union is .5 or more. The true box is drawn around the face's skin, hairline to chin and ear to
ear, turned and moved with the head (``Face.box``). Frames of closed eyes are counted like others.
Clips of the noisy split are also told by how often their picture was halved.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from merflow.corpus.demo.clips import NOISY_SPLIT, clip_scene, clip_sound, make_clip
from merflow.corpus.demo.corruption import blur_level
from merflow.corpus.demo.labels import Label, clip_labels
from merflow.faces.detect import make_detector
from merflow.media.video import iterate_frames

LEAST_OVERLAP = 0.5


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return intersection over union of two boxes x, y, w, h."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    inside = np.prod(np.maximum(high - low, 0))
    return float(inside / (np.prod(one[2:]) + np.prod(other[2:]) - inside))


def frames_and_boxes(label: Label, spec: dict, path: Path) -> Iterator[tuple]:
    """Yield each frame of a clip as read from its file and where its face truly is."""
    make_clip(label, spec, path)
    face, moments = clip_scene(label, spec, clip_sound(label, spec))
    boxes = [face.box(pose) for _, pose in moments]
    frames = [frame for _, frame in iterate_frames(path, None)]
    yield from zip(frames, boxes, strict=True)


def main() -> None:
    """Print shares and overlaps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=16, help="of each split")
    parser.add_argument("--every", type=int, default=2, help="look at every so many frames")
    parser.add_argument("--params", default="params.yaml")
    arguments = parser.parse_args()
    settings = yaml.safe_load(Path(arguments.params).read_text(encoding="utf-8"))
    spec = settings["corpus"]["demo"]
    detector = make_detector(settings["faces"] | {"backend": "cascade"})
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for label in clip_labels(spec):
            if int(label.clip.rsplit("_", 1)[1]) >= arguments.clips:
                continue
            names = ["all", label.split]
            if label.split == NOISY_SPLIT:
                names.append(f"{label.split}, halved {blur_level(spec['seed'], label.clip)} times")
            pairs = frames_and_boxes(label, spec, Path(folder) / f"{label.clip}.mp4")
            for frame, true in list(pairs)[:: arguments.every]:
                seen = detector.detect(frame)
                near = [overlap(np.array([d.x, d.y, d.w, d.h]), true) for d in seen]
                for name in names:
                    found[name].append((len(seen), max(near, default=0.0)))
    print(f"{'':24} frames  found  none  several  median overlap")
    for name in sorted(found):
        number, best = np.array(found[name]).T
        one = (number == 1) & (best >= LEAST_OVERLAP)
        shares = f"{one.mean():6.3f} {np.mean(number == 0):5.3f}  {np.mean(number > 1):7.3f}"
        print(f"{name:24} {len(best):6} {shares}  {np.median(best):14.2f}")


if __name__ == "__main__":
    main()
