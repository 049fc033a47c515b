"""The encoders by name: modality, layers, and how deep each layer lies.

Everything here follows from names and settings alone, so the graph can be planned without
opening a weight file and without importing torch.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from merflow.errors import MerflowError

Spec = Mapping[str, Any]

Modality = Literal["audio", "visual"]

DEMO_FILE = "weights.pth"  # of the demo encoders that are one file
PRECOMPUTED = "precomputed"  # the architecture of features that somebody else has extracted
# Speech networks of Hugging Face: a folder, one interface, one loader.
SPEECH = ("hubert", "wav2vec2", "wavlm", "data2vec_audio")

DEFAULTS = {"layers": 24, "statistics": "mean", "precision": "float32", "forward_order": 2021}
"""Settings of an encoder that may be left out, and what they are then."""

# Convolutions passed at the output of each layer, out of 50 (49 convolutions and the classifier).
RESNET50_LAYERS = {
    "1": 10,
    "2": 22,
    "3": 40,
    "4": 49,
    "pooling": 49,
    "conv5_3_3x3_relu": 48,
}
# Layers passed on one branch, out of 18 (17 convolutions and the classifier).
MANET_LAYERS = {
    "stem": 1,
    "layer1": 5,
    "layer2": 9,
    "block1": 13,
    "block2": 17,
    "block1_local": 13,
    "block1_global": 13,
    "block2_local": 17,
    "block2_global": 17,
}
MANET_BRANCHES = ("block1_local", "block1_global", "block2_local", "block2_global")


@dataclass(frozen=True)
class Kind:
    """One architecture.

    Attributes:
        name: The ``architecture`` of an encoder in ``params.yaml``.
        modality: What it encodes: sounds (``audio``) or face crops (``visual``).
        layers: Maps an encoder's settings to its layer names, first to last.
        depth: Maps (layer, settings) to the relative depth in 0..1, the x of Figure 4.
        unprobed: Layers that Figure 4 leaves out, because they repeat or vary another.
        module: The module of ``merflow.encoders`` that loads it; none for precomputed features.
        trained: Whether it has weights; otherwise it is computed from the signal alone.
    """

    name: str
    modality: Modality
    layers: Callable[[Spec], list[str]]
    depth: Callable[[str, Spec], float]
    unprobed: frozenset[str] = frozenset()
    module: str = ""
    trained: bool = True

    def probe_layers(self, spec: Spec) -> list[str]:
        """Return the layers of Figure 4, each distinct vector once."""
        return [layer for layer in self.layers(spec) if layer not in self.unprobed]


def _speech_layers(spec: Spec) -> list[str]:
    """Return ``"0"`` (input of the first transformer layer) to ``"<layers>"``."""
    return [str(index) for index in range(int(spec.get("layers", DEFAULTS["layers"])) + 1)]


def _speech_kind(name: str) -> Kind:
    """Return a speech kind; its layers are the hidden states."""

    def depth(layer: str, spec: Spec) -> float:
        _known(layer, _speech_layers(spec), name)
        return int(layer) / int(spec.get("layers", DEFAULTS["layers"]))

    return Kind(name, "audio", _speech_layers, depth, module="speech")


def _table_kind(name: str, table: Mapping[str, int], total: int, *unprobed: str) -> Kind:
    """Return a visual kind whose layers stand in a table of layers passed."""

    def depth(layer: str, spec: Spec) -> float:
        _known(layer, list(table), name)
        return table[layer] / total

    return Kind(name, "visual", lambda spec: list(table), depth, frozenset(unprobed), name)


def _untrained_kind(name: str, modality: Modality, *layers: str) -> Kind:
    """Return a kind without weights; it has no depth, so its layers stand at the right end."""

    def depth(layer: str, spec: Spec) -> float:
        _known(layer, layers, name)
        return 1.0

    return Kind(name, modality, lambda spec: list(layers), depth, module=name, trained=False)


def _precomputed_kind(spec: Spec) -> Kind:
    """Return the kind of features that are read from files.

    Modality, names and depth are those of the network that they come ``of``; the layers are those
    for which a folder is named, and all of them are probed.
    """
    network = KINDS[spec["of"]]

    def layers(spec: Spec) -> list[str]:
        return [layer for layer in network.layers(spec) if layer in spec["folders"]]

    return Kind(PRECOMPUTED, network.modality, layers, network.depth, trained=False)


def _known(layer: str, layers: Sequence[str], owner: str) -> None:
    if layer not in layers:
        raise MerflowError(
            f"{owner} has no layer '{layer}': choose one of {', '.join(_shortened(layers))}"
        )


def _shortened(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= 8 else [*names[:2], "...", names[-1]]


KINDS: dict[str, Kind] = {
    **{name: _speech_kind(name) for name in SPEECH},
    # At 224 px the average pooling covers all of block 4: "4" and "pooling" are one vector.
    # conv5_3_3x3_relu is the organisers' layer, no block of the paper's figure.
    "resnet50_ferplus": _table_kind(
        "resnet50_ferplus", RESNET50_LAYERS, 50, "4", "conv5_3_3x3_relu"
    ),
    # block2_global is the other reading of MR(block2): the global branch alone.
    "manet": _table_kind("manet", MANET_LAYERS, 18, *MANET_BRANCHES),
    "egemaps": _untrained_kind("egemaps", "audio", "functionals"),
    "mfcc": _untrained_kind("mfcc", "audio", "mfcc", "prosody"),
    "hog": _untrained_kind("hog", "visual", "hog"),
}


def kind_of(spec: Spec) -> Kind:
    """Return the kind of an encoder's settings.

    Raises:
        MerflowError: ``architecture`` is missing or unknown.
    """
    name = spec.get("architecture")
    if name == PRECOMPUTED:
        return _precomputed_kind(spec)
    if name not in KINDS:
        raise MerflowError(
            f"the encoder architecture '{name}' is unknown: set "
            f"features.encoders.<name>.architecture to one of {', '.join([*KINDS, PRECOMPUTED])}"
        )
    return KINDS[name]


def layers_of(spec: Spec) -> list[str]:
    """Return the layer names of an encoder's settings, first to last."""
    return kind_of(spec).layers(spec)


def without_defaults(spec: Spec) -> dict[str, Any]:
    """Return an encoder's settings without those that say what holds anyway."""
    return {key: spec[key] for key in spec if key not in DEFAULTS or spec[key] != DEFAULTS[key]}


def parse_feature(text: object) -> tuple[str, str]:
    """Split a feature name, ``"HL(18)"``, into encoder and layer, ``("HL", "18")``.

    Raises:
        MerflowError: The name is malformed.
    """
    match = (
        re.fullmatch(r"([A-Za-z]\w*)\(([A-Za-z0-9_]+)\)", text) if isinstance(text, str) else None
    )
    if match is None:
        raise MerflowError(
            f"the feature name '{text}' is malformed: write ENCODER(LAYER), e.g. HL(18)"
        )
    encoder, layer = match.groups()
    return encoder, layer
