"""What the probes of an encoder read: each layer's features beside the labels."""

from collections.abc import Sequence
from pathlib import Path

from merflow.errors import MerflowError
from merflow.options import named
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, join
from merflow.training.labels import read_labels
from merflow.training.spec import Spec


def read_probed(
    spec: Spec, manifest: Path, folds: Path, features: Sequence[str]
) -> dict[str, Dataset]:
    """Return the labelled features of each layer; raises :class:`MerflowError`."""
    encoder, layers = spec["encoder"], spec["layers"]
    if not isinstance(layers, list) or not layers or len(set(layers)) < len(layers):
        raise MerflowError(f"the setting 'layers' is {layers!r}: list one or more distinct layers")
    # Figure 4 shows Train&Val alone: test clips are not even read.
    valence = bool(spec["valence"])
    labels = read_labels(manifest, folds, spec["classes"], valence, [], spec["fold_count"])
    pairs = {layer: (encoder, layer) for layer in layers}
    rows = read_rows(named(features, "--features"), pairs, "--features")
    found = {layer: join(labels, {f"{encoder}({layer})": rows[layer]}) for layer in layers}
    for note in dict.fromkeys(tuple(data.notes()[1:]) for data in found.values()):
        print("\n".join(note), flush=True)
    return found
