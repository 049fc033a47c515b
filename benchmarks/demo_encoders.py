"""What the training of the demo encoders costs, and what can be read off their layers after it.

For each encoder of params.yaml that is a demo: CPU seconds of the command that the graph runs, then
R^2 of ridge regressions from a layer's vectors to what was drawn, on speakers that neither the
encoder nor the regression has seen; beside it the same for the network before its training.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from merflow.corpus.demo.voices import habitual
from merflow.encoders.demo.actions import ACTIONS, faces_of
from merflow.encoders.demo.speech import sounds_of, utterances_of
from merflow.encoders.load import load
from merflow.encoders.registry import DEMO_FILE, kind_of
from merflow.noise.visual import transform_crops

SEED, FIRST = 77, 5000  # of the speakers here
LEARN, TEST = 70, 40  # speakers
FACES, SOUNDS = 5, 4  # of each
VOICE = ("pitch", "pitch_range", "tempo", "brightness", "breath", "swing", "fall_db", "tremor")
PENALTIES = 10.0 ** np.arange(-4, 3)
NOISE = (("solarize", 176), ("blur", 2.0), ("rotate", 15), ("cutout", 0.35))
# Linux: the synthesiser's helper, which outlives the command a moment, is adopted and counted.
MEASURE = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    print(sum(os.times()[2:4]))
"""


def faces() -> tuple[list[np.ndarray], np.ndarray]:
    """Return crops, each as a clip of one frame, and their actions."""
    made = [faces_of(SEED, FIRST + number) for number in range(LEARN + TEST)]
    crops = np.concatenate([speaker["crops"][:FACES] for speaker in made])
    return list(crops[:, None]), np.concatenate([speaker["actions"][:FACES] for speaker in made])


def sounds() -> tuple[list[np.ndarray], np.ndarray]:
    """Return sounds and how they were said, with the speakers' habits."""
    clips, drawn = [], []
    for number in range(FIRST, FIRST + LEARN + TEST):
        clips += list(sounds_of(SEED, number)["sounds"][:SOUNDS])
        for said in utterances_of(SEED, number)[:SOUNDS]:
            heard = habitual(said.voice, said.prosody)
            pitch = np.log2(said.voice.pitch_hz * heard.pitch)
            drawn.append([pitch, *(getattr(heard, name) for name in VOICE[1:])])
    return clips, np.array(drawn)


def noisy(clips: list[np.ndarray]) -> list[np.ndarray]:
    """Return each crop with one of the transforms of the augmented copies."""
    return [
        transform_crops(clip, *NOISE[place % len(NOISE)], seed=place)
        for place, clip in enumerate(clips)
    ]


def readable(vectors: np.ndarray, drawn: np.ndarray, learn: int) -> np.ndarray:
    """Return R^2 of each column on the rows after ``learn``; the penalty is chosen before them."""
    mean, spread = vectors[:learn].mean(0), vectors[:learn].std(0) + 1e-9
    x = (vectors - mean) / spread / np.sqrt(vectors.shape[1])
    y = (drawn - drawn[:learn].mean(0)) / drawn[:learn].std(0)
    inner = learn * 2 // 3
    errors = [((y[inner:learn] - ridge(x, y, inner, p, learn)) ** 2).mean(0) for p in PENALTIES]
    chosen = PENALTIES[np.argmin(errors, axis=0)]
    guess = np.stack(
        [ridge(x, y[:, [k]], learn, p, len(x))[:, 0] for k, p in enumerate(chosen)], axis=1
    )
    return 1 - ((y[learn:] - guess) ** 2).mean(0) / y[learn:].var(0)


def ridge(x: np.ndarray, y: np.ndarray, learn: int, penalty: float, end: int) -> np.ndarray:
    """Return predictions of the rows from ``learn`` to ``end``."""
    gram = x[:learn].T @ x[:learn] + penalty * np.eye(x.shape[1])
    return x[learn:end] @ np.linalg.solve(gram, x[:learn].T @ y[:learn])


def make(kind: str, spec: dict, out: Path) -> tuple[float, float]:
    """Run the command of the graph and return its CPU and wall seconds."""
    text = json.dumps({**spec["demo"], **({"layers": spec["layers"]} if "layers" in spec else {})})
    command = [sys.executable, "-m", "merflow", "features", "demo-encoder", "--kind", kind]
    command += ["--spec", text, "--out", str(out)]
    started = time.monotonic()
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, stdout=subprocess.PIPE, text=True
    )
    return float(measured.stdout), time.monotonic() - started


def table(kind: str, spec: dict, out: Path, layers: list[str]) -> None:
    """Print R^2 of the trained and the untrained network."""
    visual = kind_of(spec).modality == "visual"
    clips, drawn = faces() if visual else sounds()
    names = ACTIONS if visual else VOICE
    learn = LEARN * (FACES if visual else SOUNDS)
    sides = {"untrained": {**spec["demo"], "steps": 0}, "trained": spec["demo"]}
    print(f"{'':34}" + "".join(f"{name[:11]:>12}" for name in names))
    for side, demo in sides.items():
        folder = out / side
        cpu, wall = make(kind, {**spec, "demo": demo}, folder)
        print(f"{side}: {cpu:.1f} CPU s, {wall:.1f} s")
        encoder = load(kind, spec, folder / DEMO_FILE if visual else folder)
        conditions = {"": clips, " noisy": noisy(clips)} if visual else {"": clips}
        for condition, shown in conditions.items():
            vectors = encoder.encode(shown)
            for layer in layers:
                rows = np.stack([clip[layer] for clip in vectors]).astype(float)
                found = readable(rows, drawn, learn)
                print(f"  {side + condition + ' ' + layer:32}", end="")
                print("".join(f"{value:12.2f}" for value in found), flush=True)


def main() -> None:
    """Print the tables of the demo encoders of a settings file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--encoder", action="append", help="of params.yaml; all by default")
    parser.add_argument("--demo", default="{}", help="JSON over the encoder's demo settings")
    arguments = parser.parse_args()
    encoders = yaml.safe_load(arguments.params.read_text())["features"]["encoders"]
    for name in arguments.encoder or encoders:
        spec = {**encoders[name], "weights": "demo"}
        spec["demo"] = {**spec["demo"], **json.loads(arguments.demo)}
        kind = spec["architecture"]
        shown = {"hubert": ["0", "12", "18", "20", "24"], "manet": ["layer2", "block1", "block2"]}
        print(f"{name} ({kind}) {spec['demo']}")
        with tempfile.TemporaryDirectory() as folder:
            table(kind, spec, Path(folder), shown.get(kind, ["2", "3", "pooling"]))


if __name__ == "__main__":
    main()
