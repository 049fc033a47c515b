"""What ``params.yaml`` must say of features and labels that come without clips.

Each yields a sentence for what it does not say.
"""

from collections.abc import Iterator
from typing import Any

from merflow.encoders.registry import KINDS, PRECOMPUTED, parse_feature
from merflow.settings.sentences import FILE


def check_folders(name: str, spec: dict[str, Any]) -> Iterator[str]:
    """Check an encoder of architecture ``precomputed``: its keys and its layers."""
    where = f"features.encoders.{name}"
    for key, wanted in (("of", "the architecture"), ("folders", "layer: folder, for each layer")):
        if key not in spec:
            yield (
                f"{FILE}: key {where}.{key} is missing; architecture {PRECOMPUTED} needs {wanted} "
                "that the features are of"
            )
    if "of" not in spec or "folders" not in spec:
        return
    kind = KINDS[spec["of"]]
    allowed = {"architecture", "of", "folders", "statistics"}
    allowed |= {"layers"} if kind.module == "speech" else set()
    yield from check_allowed(where, spec, allowed, f"{PRECOMPUTED} of {kind.name}")
    layers = kind.layers(spec)
    for layer in spec["folders"]:
        if layer not in layers:
            quoted = f'; write "{layer}" in quotes' if str(layer) in layers else ""
            yield (
                f"{FILE}: {where}.folders names the layer {layer!r}; allowed, as layers of "
                f"{kind.name}: {', '.join(layers)}{quoted}"
            )


def check_labels(config: dict[str, Any]) -> Iterator[str]:
    """Check the corpus of adapter ``labels``: a file a split, and no clips."""
    corpus = config["corpus"]
    if corpus["adapter"] != "labels":
        return
    for key in ("root", "csv"):
        if corpus[key] is not None:
            yield (
                f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter labels: null, as "
                "there are no clips and the labels are named in corpus.labels"
            )
    if "labels" not in corpus:
        yield f"{FILE}: key corpus.labels is missing; adapter labels needs a mapping, split: csv"
        return
    splits = ["train", *corpus["tests"]]
    if set(corpus["labels"]) != set(splits):
        yield (
            f"{FILE}: corpus.labels names {', '.join(corpus['labels'])}; allowed: a csv for "
            f"each of {', '.join(splits)} (train and corpus.tests)"
        )


def check_clips(config: dict[str, Any]) -> Iterator[str]:
    """Check that encoders have clips to encode, and precomputed features clips to belong to."""
    adapter = config["corpus"]["adapter"]
    for name, spec in config["features"]["encoders"].items():
        where, given = f"features.encoders.{name}", spec["architecture"] == PRECOMPUTED
        if adapter == "labels" and not given:
            yield (
                f"{FILE}: {where}.architecture is {spec['architecture']!r}, which needs clips; "
                f"allowed with corpus.adapter labels: {PRECOMPUTED}"
            )
        if adapter == "demo" and given:
            yield (
                f"{FILE}: {where}.architecture is {PRECOMPUTED!r}; allowed with any other "
                "corpus.adapter, as the demo's clips are made in the run"
            )


def check_copies(config: dict[str, Any]) -> Iterator[str]:
    """Check that no system asks for corrupted copies of precomputed features."""
    encoders = config["features"]["encoders"]
    given = [name for name in encoders if encoders[name]["architecture"] == PRECOMPUTED]
    for i, system in enumerate(config["fusion"]["systems"]):
        named = [name for name in map(str, system["features"]) if parse_feature(name)[0] in given]
        if named and "noise" in system["augmentation"]:
            yield (
                f"{FILE}: fusion.systems[{i}] ({system['name']}).augmentation is "
                f"{system['augmentation']!r}; allowed with {named[0]}, which is {PRECOMPUTED} and "
                "has no corrupted copies: [clean]"
            )


def check_allowed(
    where: str, spec: dict[str, Any], allowed: set[str], architecture: str
) -> Iterator[str]:
    """Check that an encoder's settings have no key that its architecture does not know."""
    for key in spec:
        if key not in allowed:
            yield (
                f"{FILE}: {where}.{key} is {spec[key]!r}; allowed with architecture "
                f"{architecture}: {', '.join(sorted(allowed))}"
            )
