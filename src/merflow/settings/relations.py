"""What the parts of ``params.yaml`` must say together; each yields a sentence for what they do not.

A relation that meets something it rests on and that another has told of may end with any error.
"""

from collections.abc import Iterator
from typing import Any

from merflow.encoders.registry import KINDS, PRECOMPUTED, kind_of, parse_feature
from merflow.settings.precomputed import check_allowed, check_folders
from merflow.settings.sentences import FILE

DEMO_ARCHITECTURES = ("hubert", "resnet50_ferplus", "manet")


def check_names(config: dict[str, Any]) -> Iterator[str]:
    """Check that no two systems or ensembles share a name."""
    named = [
        *((f"fusion.systems[{i}]", s["name"]) for i, s in enumerate(config["fusion"]["systems"])),
        *(
            (f"ensemble.systems[{i}]", s["name"])
            for i, s in enumerate(config["ensemble"]["systems"])
        ),
    ]
    seen: dict[str, str] = {}
    for where, name in named:
        if name in seen:
            yield (
                f"{FILE}: {where}.name is {name!r}, which {seen[name]} is called already; "
                "allowed: a name of its own"
            )
        seen.setdefault(name, where)


def check_com(config: dict[str, Any]) -> Iterator[str]:
    """Check that Com is asked for only where the labels can be on the challenge's scale."""
    corpus = config["corpus"]
    if not corpus["com"]:
        return
    if not corpus["valence"]:
        yield (
            f"{FILE}: corpus.com is true; allowed without corpus.valence: false, as Com is made "
            "of weighted F1 and the MSE of the valence"
        )


def check_encoders(config: dict[str, Any]) -> Iterator[str]:
    """Check that demo encoders say how they are made, and that probed encoders exist."""
    encoders = config["features"]["encoders"]
    for name, spec in encoders.items():
        yield from check_keys(name, spec)
    for name in config["probes"]["encoders"]:
        if name not in encoders:
            yield f"{FILE}: probes.encoders names {name!r}; allowed: {', '.join(encoders)}"


def check_keys(name: str, spec: dict[str, Any]) -> Iterator[str]:
    """Check that an encoder has the keys that its architecture needs, and no others."""
    if spec["architecture"] == PRECOMPUTED:
        yield from check_folders(name, spec)
        return
    where, kind = f"{FILE}: features.encoders.{name}", KINDS[spec["architecture"]]
    needed = ("weights", "sha256") if kind.trained else ()
    allowed = {"architecture", *needed}
    if kind.trained:
        allowed |= {"demo", "statistics", "precision"}
    allowed |= {"layers"} if kind.module == "speech" else set()
    allowed |= {"forward_order"} if kind.name == "manet" else set()
    for key in needed:
        if key not in spec:
            yield (
                f"{FILE}: key features.encoders.{name}.{key} is missing; architecture "
                f"{kind.name} needs weights and their sha256 (null: not pinned yet)"
            )
    yield from check_allowed(f"features.encoders.{name}", spec, allowed, kind.name)
    if spec.get("weights") != "demo":
        return
    if "demo" not in spec:
        yield (
            f"{FILE}: key features.encoders.{name}.demo is missing; weights demo needs a "
            "mapping with seed and width"
        )
    if kind.name not in DEMO_ARCHITECTURES:
        yield (
            f"{where}.architecture is {kind.name!r}; allowed with weights demo: "
            f"{', '.join(DEMO_ARCHITECTURES)}"
        )


def check_systems(config: dict[str, Any]) -> Iterator[str]:
    """Check that the features of every system exist, and the members of every ensemble."""
    encoders = config["features"]["encoders"]
    for i, system in enumerate(config["fusion"]["systems"]):
        where, modalities = f"fusion.systems[{i}] ({system['name']})", set()
        known = True
        for feature in system["features"]:
            encoder, layer = parse_feature(feature)
            if encoder not in encoders:
                yield (
                    f"{FILE}: {where}.features names {feature!r}; allowed encoders: "
                    f"{', '.join(encoders)}"
                )
                known = False
                continue
            kind = kind_of(encoders[encoder])
            layers = kind.layers(encoders[encoder])
            if layer not in layers:
                yield (
                    f"{FILE}: {where}.features names {feature!r}; allowed layers of {encoder}: "
                    f"{', '.join(layers)}"
                )
            modalities.add(kind.modality)
        if known and system["strategy"] != 1 and len(modalities) < 2:
            yield (
                f"{FILE}: {where}.strategy is {system['strategy']}; allowed with features of one "
                "modality: 1"
            )
    by_name = {system["name"]: system for system in config["fusion"]["systems"]}
    for i, ensemble in enumerate(config["ensemble"]["systems"]):
        for member in ensemble["members"]:
            if member not in by_name:
                yield (
                    f"{FILE}: ensemble.systems[{i}].members names {member!r}; allowed: "
                    f"{', '.join(by_name)}"
                )


def check_ranges(config: dict[str, Any]) -> Iterator[str]:
    """Check numbers that bound each other."""
    folds = config["corpus"]["folds"]["count"]
    for section in ("probes", "fusion"):
        if config[section]["training"]["selection"] == "inner" and folds < 3:
            yield (
                f"{FILE}: {section}.training.selection is 'inner'; allowed with corpus.folds.count "
                f"{folds}: folds, as one fold is reported and another chooses (inner needs 3)"
            )
    if config["corpus"]["adapter"] != "demo":
        return
    demo, scheme = config["corpus"]["demo"], config["corpus"]["folds"]["scheme"]
    if scheme not in ("random", "speaker"):
        yield (
            f"{FILE}: corpus.folds.scheme is {scheme!r}; allowed with adapter demo, whose clips "
            "have no session and no official fold: random, speaker"
        )
    if demo["height"] > demo["width"]:
        yield (
            f"{FILE}: corpus.demo.height is {demo['height']}; allowed: at most the width, "
            f"{demo['width']}"
        )
    if folds > demo["clips"]["train"]:
        yield (
            f"{FILE}: corpus.folds.count is {folds}; allowed: at most the training clips, "
            f"{demo['clips']['train']}"
        )


def check_robustness(config: dict[str, Any]) -> Iterator[str]:
    """Check that the split of the robustness table exists, and that some system hears the noise."""
    chosen, encoders = config["report"]["robustness"], config["features"]["encoders"]
    if chosen is None:
        return
    if chosen["split"] not in config["corpus"]["tests"]:
        yield (
            f"{FILE}: report.robustness.split is {chosen['split']!r}; allowed: "
            f"{', '.join(config['corpus']['tests']) or 'null in the place of report.robustness'}"
        )
    systems = config["fusion"]["systems"]
    read = [parse_feature(feature)[0] for system in systems for feature in system["features"]]
    heard = {name: encoders[name] for name in read if kind_of(encoders[name]).modality == "audio"}
    given = [name for name, spec in heard.items() if spec["architecture"] == PRECOMPUTED]
    if not heard or given:
        why = "as no system reads sound"
        if given:
            why = f"with {given[0]}, which is {PRECOMPUTED} and has no corrupted copies"
        yield f"{FILE}: report.robustness is {chosen!r}; allowed {why}: null"


def check_report(config: dict[str, Any]) -> Iterator[str]:
    """Check that the rows' splits and trainings exist, and the submitted system."""
    splits = ["train", *config["corpus"]["tests"]]
    trained = {a for system in config["fusion"]["systems"] for a in system["augmentation"]}
    names = [row["name"] for row in config["report"]["rows"]]
    for i, row in enumerate(config["report"]["rows"]):
        if names.index(row["name"]) != i:
            yield (
                f"{FILE}: report.rows[{i}].name is {row['name']!r}, which another row is called; "
                "allowed: a name of its own"
            )
        if row["augmentation"] not in trained:
            yield (
                f"{FILE}: report.rows[{i}].augmentation is {row['augmentation']!r}; allowed, as "
                f"some system is trained so: {', '.join(sorted(trained))}"
            )
        if row["split"] not in splits:
            yield (
                f"{FILE}: report.rows[{i}].split is {row['split']!r}; allowed: {', '.join(splits)}"
            )
    names = [s["name"] for key in ("fusion", "ensemble") for s in config[key]["systems"]]
    if not config["corpus"]["valence"]:  # JDEV systems are left out
        by_name = {s["name"]: s for s in config["fusion"]["systems"]}
        ends = {s["name"]: s["members"] for s in config["ensemble"]["systems"]}
        names = [
            name
            for name in names
            if all(by_name[m]["decoder"] != "jdev" for m in ends.get(name, [name]))
        ]
    chosen = config["report"]["submission"]
    without = "" if config["corpus"]["valence"] else " without valence, which JDEV needs"
    if chosen is not None and chosen not in names:
        yield (
            f"{FILE}: report.submission is {chosen!r}; allowed{without}: "
            f"{', '.join(names)}, or null"
        )
