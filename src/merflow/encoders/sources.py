"""Where the public checkpoints come from, and how to tell one from another by its names."""

import re
from collections.abc import Iterable
from pathlib import Path

from merflow.encoders.registry import SPEECH

# Where `merflow encoders fetch` puts what it gets, and where every job looks for it.
FOLDER = Path("data/weights")

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")  # of a speech network; the first is read

HOW_TO_GET = {
    **{
        architecture: (
            f"download the folder {example} (or another of the kind) from huggingface.co, with "
            "config.json, preprocessor_config.json and the weight file"
        )
        for architecture, example in {
            "hubert": "TencentGameMate/chinese-hubert-large",
            "wav2vec2": "facebook/wav2vec2-large-lv60",
            "wavlm": "microsoft/wavlm-large",
            "data2vec_audio": "facebook/data2vec-audio-large",
        }.items()
    },
    "resnet50_ferplus": (
        "download resnet50_ferplus_dag.pth from "
        "https://www.robots.ox.ac.uk/~albanie/pytorch-models.html"
    ),
    "manet": (
        "get MA-Net's RAF-DB checkpoint, [02-08]-[21-19]-model_best-acc88.33.pth, by way of "
        "https://github.com/zengqunzhao/MA-Net or the MER2023 folder of "
        "https://github.com/zeroQiaoba/MERTools"
    ),
}

# A parameter that only one architecture has; the first that matches decides.
FINGERPRINTS = (
    ("layer3_1_p1.0.conv1.weight", "manet"),
    ("conv2_1_1x1_down.weight", "an SE-ResNet-50 (senet50_*_dag)"),
    ("conv2_1_1x1_reduce.weight", "resnet50_ferplus"),
    ("layer1.0.conv3.weight", "a torchvision-style ResNet-50 or deeper"),
    ("layer1.0.conv2.weight", "a torchvision-style ResNet-18 or ResNet-34"),
    ("encoder.layers.0.attention.rel_attn_embed.weight", "wavlm"),
    ("encoder.pos_conv_embed.layers.0.conv.weight", "data2vec_audio"),
    ("quantizer.codevectors", "wav2vec2"),
    # Where neither a prefix nor a head tells, wav2vec 2.0 has the same names.
    ("encoder.pos_conv_embed.conv.bias", "hubert"),
    ("features.0.weight", "a VGG or AlexNet"),
)


def recognise(names: Iterable[str]) -> str | None:
    """Return what a set of parameter names belongs to, or None if it is not known."""
    known = set(names)
    for owner in SPEECH:
        if any(name.startswith(f"{owner}.encoder.") for name in known):
            return owner
    return next((owner for name, owner in FINGERPRINTS if name in known), None)


def weights_path(weights: str) -> Path:
    """Return where the weights that ``params.yaml`` names lie.

    A path stays as it is. ``OWNER/NAME@REVISION``, a model of the Hugging Face hub, is the folder
    ``data/weights/OWNER--NAME@REVISION``.
    """
    named = hub_model(weights)
    return FOLDER / f"{named[0].replace('/', '--')}@{named[1]}" if named else Path(weights)


def how_to_get(architecture: str, weights: str) -> str:
    """Return how to get the weights that ``params.yaml`` names, as advice.

    Of ``OWNER/NAME@REVISION`` that model is named; a path tells no origin, so one of the
    kind is.
    """
    named = hub_model(weights)
    if named is None or architecture not in SPEECH:
        return HOW_TO_GET[architecture]
    return (
        f"download {named[0]} at revision {named[1]} from huggingface.co to "
        f"{weights_path(weights)}, with config.json, preprocessor_config.json and the weight file"
    )


def unusable_revision(weights: str) -> str | None:
    """Return what to do if weights look like a model of the hub whose revision holds a ``/``.

    Such a name cannot be a folder's, so it is taken for a path; None for all others.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+@[\w.-]+/[\w./-]+", weights):
        return None
    return (
        "if it is meant as OWNER/NAME@REVISION, a revision with / cannot be used: write the "
        "commit's 40 digits behind the @"
    )


def hub_model(weights: str) -> tuple[str, str] | None:
    """Return repository and revision of ``OWNER/NAME@REVISION``, or None if it is a path."""
    named = re.fullmatch(r"([\w.-]+/[\w.-]+)@([\w.-]+)", weights)
    return (named[1], named[2]) if named else None
