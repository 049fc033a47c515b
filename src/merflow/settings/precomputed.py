"""What ``params.yaml`` must say of features and labels that come without clips."""

from typing import Any

from merflow.encoders.registry import KINDS, PRECOMPUTED, parse_feature
from merflow.errors import MerflowError
from merflow.settings.sentences import FILE


def check_folders(name: str, spec: dict[str, Any]) -> None:
    """Check an encoder of architecture ``precomputed``: its keys and its layers."""
    where = f"features.encoders.{name}"
    for key, wanted in (("of", "the architecture"), ("folders", "layer: folder, for each layer")):
        if key not in spec:
            raise MerflowError(
                f"{FILE}: key {where}.{key} is missing; architecture {PRECOMPUTED} needs {wanted} "
                "that the features are of"
            )
    kind = KINDS[spec["of"]]
    allowed = {"architecture", "of", "folders", "statistics"}
    allowed |= {"layers"} if kind.module == "speech" else set()
    check_allowed(where, spec, allowed, f"{PRECOMPUTED} of {kind.name}")
    layers = kind.layers(spec)
    for layer in spec["folders"]:
        if layer not in layers:
            quoted = f'; write "{layer}" in quotes' if str(layer) in layers else ""
            raise MerflowError(
                f"{FILE}: {where}.folders names the layer {layer!r}; allowed, as layers of "
                f"{kind.name}: {', '.join(layers)}{quoted}"
            )


def check_labels(config: dict[str, Any]) -> None:
    """Check the corpus of adapter ``labels``: a file a split, and no clips."""
    corpus = config["corpus"]
    for key in ("root", "csv"):
        if corpus[key] is not None:
            raise MerflowError(
                f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter labels: null, as "
                "there are no clips and the labels are named in corpus.labels"
            )
    if "labels" not in corpus:
        raise MerflowError(
            f"{FILE}: key corpus.labels is missing; adapter labels needs a mapping, split: csv"
        )
    splits = ["train", *corpus["tests"]]
    for split in [*corpus["labels"], *splits]:
        if split not in splits or split not in corpus["labels"]:
            raise MerflowError(
                f"{FILE}: corpus.labels names {', '.join(corpus['labels'])}; allowed: a csv for "
                f"each of {', '.join(splits)} (train and corpus.tests)"
            )


def check_clips(config: dict[str, Any]) -> None:
    """Check that encoders have clips to encode, and precomputed features clips to belong to."""
    adapter = config["corpus"]["adapter"]
    for name, spec in config["features"]["encoders"].items():
        where, given = f"features.encoders.{name}", spec["architecture"] == PRECOMPUTED
        if adapter == "labels" and not given:
            raise MerflowError(
                f"{FILE}: {where}.architecture is {spec['architecture']!r}, which needs clips; "
                f"allowed with corpus.adapter labels: {PRECOMPUTED}"
            )
        if adapter == "demo" and given:
            raise MerflowError(
                f"{FILE}: {where}.architecture is {PRECOMPUTED!r}; allowed with any other "
                "corpus.adapter, as the demo's clips are made in the run"
            )


def check_copies(config: dict[str, Any]) -> None:
    """Check that no system asks for corrupted copies of precomputed features."""
    encoders = config["features"]["encoders"]
    given = [name for name in encoders if encoders[name]["architecture"] == PRECOMPUTED]
    for i, system in enumerate(config["fusion"]["systems"]):
        named = [name for name in map(str, system["features"]) if parse_feature(name)[0] in given]
        if named and "noise" in system["augmentation"]:
            raise MerflowError(
                f"{FILE}: fusion.systems[{i}] ({system['name']}).augmentation is "
                f"{system['augmentation']!r}; allowed with {named[0]}, which is {PRECOMPUTED} and "
                "has no corrupted copies: [clean]"
            )


def check_allowed(where: str, spec: dict[str, Any], allowed: set[str], architecture: str) -> None:
    """Check that an encoder's settings have no key that its architecture does not know.

    Raises:
        MerflowError: There is one; the first is named, with those that are allowed.
    """
    for key in spec:
        if key not in allowed:
            raise MerflowError(
                f"{FILE}: {where}.{key} is {spec[key]!r}; allowed with architecture "
                f"{architecture}: {', '.join(sorted(allowed))}"
            )
