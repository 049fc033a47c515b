"""Writing a demo encoder: weights drawn by name, taught where the settings say so, then saved."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from merflow.encoders.code import teaching_modules_of
from merflow.encoders.demo.initial import GROUPS, build_hubert, calibrate, initialise, noise_images
from merflow.encoders.demo.saved import save_hubert, save_manet, save_resnet50
from merflow.errors import MerflowError
from merflow.storage.digest import code_digest, settings_digest


@dataclass(frozen=True)
class Demo:
    """The settings of a demo encoder.

    Attributes:
        seed: Decides the initial weights and all that is learned from.
        width: Channels of the stem, or the hidden size of HuBERT.
        speakers: How many generated speakers it learns from.
        steps: Steps of the training; 0 leaves the weights as they were drawn.
    """

    seed: int
    width: int
    speakers: int
    steps: int


def write_demo(kind: str, spec: Mapping[str, Any], path: str | Path) -> None:
    """Write a demo checkpoint; the same settings give the same bytes, also after a kill.

    What is finished meanwhile lies in ``<path>.pretraining``, which is removed at the end.

    Args:
        kind: A key of the registry.
        spec: The encoder's settings; ``demo`` has the fields of :class:`Demo`, ``layers`` is the
            depth of HuBERT.
        path: The file to write (a folder for HuBERT).

    Raises:
        MerflowError: The kind is unknown, or the width does not suit it.
    """
    if kind not in ("hubert", "resnet50_ferplus", "manet"):
        raise MerflowError(f"there is no demo of the architecture '{kind}'")
    demo, path = Demo(**spec["demo"]), Path(path)
    step = GROUPS if kind == "hubert" else 4
    if demo.width < 1 or demo.width % step:
        raise MerflowError(
            f"the demo width {demo.width} of {kind} must be a positive multiple of {step}"
        )
    work = path.with_name(f"{path.name}.pretraining")
    # What was finished before is kept only while all that decides the weights is the same.
    recipe = settings_digest([kind, dict(spec), code_digest(*teaching_modules_of(kind))])
    if kind == "hubert":
        _write_hubert(demo, int(spec.get("layers", 24)), path, work, recipe)
    else:
        _write_face_network(kind, demo, path, work, recipe)
    if work.exists():
        shutil.rmtree(work)


def _write_hubert(demo: Demo, layers: int, path: Path, work: Path, recipe: str) -> None:
    model = build_hubert(demo.width, layers)
    initialise(model, demo.seed, "hubert")
    if demo.steps:
        from merflow.encoders.demo.listening import listen

        listen(model, demo.seed, demo.speakers, demo.steps, work, recipe)
    save_hubert(model, path)


def _write_face_network(kind: str, demo: Demo, path: Path, work: Path, recipe: str) -> None:
    network, pixels = _face_network(kind, demo.width)
    initialise(network, demo.seed, kind)
    if demo.steps:
        from merflow.encoders.demo.looking import look

        look(network, kind, demo.seed, demo.speakers, demo.steps, work, recipe)
    else:
        calibrate(network, [pixels(noise_images(demo.seed, kind))])
    (save_manet if kind == "manet" else save_resnet50)(network, path)


def _face_network(kind: str, width: int) -> tuple[nn.Module, Any]:
    """Return a face network and the recipe that makes its input of crops."""
    if kind == "manet":
        from merflow.encoders import manet

        return manet.MANet(width), manet.pixels
    from merflow.encoders import resnet50_ferplus

    return resnet50_ferplus.ResNet50FerPlus(width), resnet50_ferplus.pixels
