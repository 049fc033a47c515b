# What the report is told, and which tables, figures and pictures the settings ask for.
from merflow.corpus.speakers import MEASURED
from merflow.report.challenge import challenge_systems
from merflow.report.loss_decoder import squares
from merflow.report.paper import paper_name


def pairs(values):
    """NAME=value for each entry of a mapping."""
    return [f"{name}={value}" for name, value in values.items()]


def declared_digests():
    faces = {"faces": layout.faces_key} if layout.needs_faces else {}
    return {"corpus": layout.corpus_key, **faces}


def quarantines():
    """The lists of clips that cannot be used; a clip in several of them counts once a reason.

    Of faces only where some are looked for, or where precomputed features are of faces.
    """
    faces = [f"{layout.faces}/quarantine.csv"] if layout.needs_faces else []
    given = [
        faceless_list(layout.encoder_key(name), layout.condition("clean"), shard)
        for name in PRECOMPUTED
        if layout.modality(name) == "visual"
        for shard in layout.shards()
    ]
    return [f"{layout.corpus}/quarantine.csv", *faces, *given]


def pictures():
    return [f"{layout.private}/faces.png"] if layout.needs_faces else []


def report_spec(*wanted):
    """What a report command is told: the corpus as declared, and the settings it asks for."""
    corpus, report = config["corpus"], config["report"]
    extra = {
        "bootstrap": report["bootstrap"],
        "note": layout.note(),
        "rows": report["rows"],
        "systems": layout.system_names(),
        "definitions": layout.definitions(),
        "mer2023": corpus["name"].startswith("mer2023"),
        "digests": declared_digests(),
        "emotion_only": layout.emotion_only,
        "seeds": {
            "fusion": config["fusion"]["training"]["seeds"],
            "noise": config["noise"]["seed"],
        },
        "training": {
            key: config["fusion"]["training"][key]
            for key in ("epochs", "patience", "selection", "learning_rate", "width", "dropout")
        },
        "robustness": report["robustness"],
        "preset": config["noise"]["preset"],
        "depths": layout.depths(),
        "kind": config["probes"]["kind"],
        "present": layout.digests(),
        "leak": layout.leak,
    }
    told = {
        "corpus": corpus["name"],
        **{key: corpus[key] for key in ("classes", "valence", "com", "tests")},
        "valence_name": layout.valence_name,
        "fold_count": corpus["folds"]["count"],
        "decimals": report["decimals"],
        **{key: extra[key] for key in wanted},
    }
    return lambda wildcards: spec(told)


def report_weights(wildcards):
    return [file for name in config["features"]["encoders"] for file in layout.weight_files(name)]


def report_weight_options(wildcards):
    encoders = config["features"]["encoders"]
    found = {name: layout.weights(name) for name in encoders}
    return options("--weights", pairs({name: path for name, path in found.items() if path}))


def has_paper_pair(definitions):
    """Whether some system of the paper is there with both of its decoders."""
    known = {paper_name(name, definitions) for name in definitions} - {None}
    return any(name.replace("-jdev", "-baseline") in known for name in known if "-jdev" in name)


def trained_clean(definitions):
    """The systems that were trained without noisy copies; only these are the challenge's."""
    runs = [run for run in layout.runs.values() if run.augmentation == "clean"]
    return {run.system["name"]: definitions[run.system["name"]] for run in runs}


def tables():
    made = layout.definitions()
    names = ("table1.csv", "table1.md", "differences.csv", "differences.md", "scores.json")
    found = [f"{layout.tables}/{name}" for name in names]
    if AUGMENTATIONS == ["clean", "noise"]:
        found += [f"{layout.tables}/augmentation.{suffix}" for suffix in ("csv", "md")]
    if has_paper_pair(made):
        found += [f"{layout.tables}/jdev.{suffix}" for suffix in ("csv", "md")]
    if squares(made):
        found += [f"{layout.tables}/loss_decoder.{suffix}" for suffix in ("csv", "md")]
    if layout.leak == MEASURED:
        found += [f"{layout.tables}/speakers.{suffix}" for suffix in ("csv", "md")]
    if challenge_systems(trained_clean(made)):
        found += [f"{layout.tables}/challenge.{suffix}" for suffix in ("csv", "md")]
    if layout.robustness:
        found += [f"{layout.tables}/robustness.{suffix}" for suffix in ("csv", "md")]
    return found + ([f"{layout.tables}/figure4.csv"] if config["probes"]["encoders"] else [])


def figures():
    names = ["figure4"] if config["probes"]["encoders"] else []
    names += ["robustness"] if layout.robustness else []
    return [f"{layout.figures}/{name}.{suffix}" for name in names for suffix in ("svg", "png")]


def submissions():
    return [f"{layout.private}/submission/{split}.csv" for split in layout.submissions()]


def submitted_predictions(wildcards):
    return layout.submissions()[wildcards.split]
