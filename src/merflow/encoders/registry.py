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

DEMO_FILE = "weights.pth"  # of the demo encoders that are one file

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
    "block2_global": 17,
}


@dataclass(frozen=True)
class Kind:
    """One architecture.

    Attributes:
        name: The ``architecture`` of an encoder in ``params.yaml``.
        modality: What it encodes: sounds (``audio``) or face crops (``visual``).
        layers: Maps an encoder's settings to its layer names, first to last.
        depth: Maps (layer, settings) to the relative depth in 0..1, the x of Figure 4.
        unprobed: Layers that Figure 4 leaves out, because they repeat or vary another.
    """

    name: str
    modality: Literal["audio", "visual"]
    layers: Callable[[Spec], list[str]]
    depth: Callable[[str, Spec], float]
    unprobed: frozenset[str] = frozenset()

    def probe_layers(self, spec: Spec) -> list[str]:
        """Return the layers of Figure 4, each distinct vector once."""
        return [layer for layer in self.layers(spec) if layer not in self.unprobed]


def _hubert_layers(spec: Spec) -> list[str]:
    """Return ``"0"`` (input of the first transformer layer) to ``"<layers>"``."""
    return [str(index) for index in range(int(spec.get("layers", 24)) + 1)]


def _hubert_depth(layer: str, spec: Spec) -> float:
    _known(layer, _hubert_layers(spec), "hubert")
    return int(layer) / int(spec.get("layers", 24))


def _table_kind(name: str, table: Mapping[str, int], total: int, *unprobed: str) -> Kind:
    """Return a visual kind whose layers stand in a table of layers passed."""

    def depth(layer: str, spec: Spec) -> float:
        _known(layer, list(table), name)
        return table[layer] / total

    return Kind(name, "visual", lambda spec: list(table), depth, frozenset(unprobed))


def _known(layer: str, layers: Sequence[str], owner: str) -> None:
    if layer not in layers:
        raise MerflowError(
            f"{owner} has no layer '{layer}': choose one of {', '.join(_shortened(layers))}"
        )


def _shortened(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= 8 else [*names[:2], "...", names[-1]]


KINDS: dict[str, Kind] = {
    "hubert": Kind("hubert", "audio", _hubert_layers, _hubert_depth),
    # At 224 px the average pooling covers all of block 4: "4" and "pooling" are one vector.
    # conv5_3_3x3_relu is the organisers' layer, no block of the paper's figure.
    "resnet50_ferplus": _table_kind(
        "resnet50_ferplus", RESNET50_LAYERS, 50, "4", "conv5_3_3x3_relu"
    ),
    # block2_global is the other reading of MR(block2): the global branch alone.
    "manet": _table_kind("manet", MANET_LAYERS, 18, "block2_global"),
}


def kind_of(spec: Spec) -> Kind:
    """Return the kind of an encoder's settings.

    Raises:
        MerflowError: ``architecture`` is missing or unknown.
    """
    name = spec.get("architecture")
    if name not in KINDS:
        raise MerflowError(
            f"the encoder architecture '{name}' is unknown: "
            f"set features.encoders.<name>.architecture to one of {', '.join(KINDS)}"
        )
    return KINDS[name]


def layers_of(spec: Spec) -> list[str]:
    """Return the layer names of an encoder's settings, first to last."""
    return kind_of(spec).layers(spec)


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
