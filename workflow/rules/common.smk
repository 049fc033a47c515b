# Shared by all rule files. The checked settings, the layout of paths, the package files.
import functools
import json
import os
import re
import shlex
from pathlib import Path

import yaml

from snakemake.exceptions import WorkflowError

import merflow
from merflow import settings
from merflow.errors import MerflowError
from merflow.corpus.adapters.registry import ADAPTERS
from merflow.encoders.code import teaching_modules_of
from merflow.environment import prepare_environment
from merflow.faces.pictures import watched_files
from merflow.features.code import code_of
from merflow.features.watched import files_digest
from merflow.layout import READINGS, Layout
from merflow.run import Run
from merflow.storage.shards import shard_of

# Relative, so that a project that is moved or copied with its results runs nothing again.
PACKAGE = Path(os.path.relpath(Path(workflow.basedir) / "src" / "merflow"))
SCHEMA = Path(workflow.basedir) / "workflow" / "schemas" / "params.schema.yaml"


prepare_environment()

if not Path(merflow.__file__).is_relative_to(Path(workflow.basedir).resolve()):
    raise WorkflowError(
        f"this environment runs the package in {Path(merflow.__file__).parent}, but the workflow "
        f"is {workflow.basedir}: run `make environment` here, or `pip install --editable .`"
    )

try:
    settings.check(config, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
    settings.check_files(config)
    CLIPS = settings.clips_to_watch(config)
    PRECOMPUTED = settings.features_to_watch(config)
    layout = Layout(config)
    # Those of the settings, and where random folds may leak those in folds by speaker.
    TRAINED = layout.trained
except MerflowError as error:
    raise WorkflowError(f"{error}\n`merflow doctor` says what else is missing or wrong") from None


SHARDS = config["corpus"]["shards"]
run = Run(layout, lambda: workflow.cores, lambda: [*tables(), *figures()])


def code(*parts):
    """Files of the named packages and modules: editing one reruns the rules that list it."""
    paths = [PACKAGE / part for part in (*parts, "seeds.py")]
    files = [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])]
    return [str(file) for file in sorted(files)]


def spec(settings):
    """Settings as one line of JSON, so that a rule's params hold all it depends on."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


def one_of(names):
    """A wildcard constraint: any of these names, or none where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def options(flag, values):
    """A repeated option of a command, quoted for the shell."""
    return " ".join(f"{flag} {shlex.quote(str(value))}" for value in values)


# Functions rather than plain strings wherever a path or text is the user's: Snakemake would take
# its braces for wildcards.


def corpus_csv(wildcards):
    return layout.corpus_csv


def listed_clips(wildcards):
    """The shard's clips that exist, so that a changed one is noticed; for the demo their lists."""
    if config["corpus"]["adapter"] == "demo":
        return [f"{layout.corpus}/raw/part-{shard}.csv" for shard in layout.shards()]
    return [path for clip, path in CLIPS.items() if shard_of(clip, SHARDS) == int(wildcards.shard)]


def label_spec():
    return spec({key: config["corpus"][key] for key in ("classes", "valence", "tests")})


def adapter_spec():
    return spec({key: config["corpus"][key] for key in ("adapter", "classes", "valence", "tests")})


def folds_spec(wildcards):
    """The settings of the folds that are asked for, of the present settings or by speaker."""
    keys = {of.folds_key: of.config["corpus"]["folds"] for of in TRAINED.values()}
    return spec(keys[wildcards.digest])


def split_labels(wildcards):
    return list(config["corpus"]["labels"].values())


def split_label_options(wildcards):
    return options("--labels", pairs(config["corpus"]["labels"]))


def detector_file(wildcards):
    faces = config["faces"]
    return [faces["yunet"]["path"]] if faces["backend"] == "yunet" else []


def shard_cores(wildcards):
    """How many cores a job takes that there is one of for each shard."""
    return max(1, (workflow.cores or SHARDS) // SHARDS)


def faces_spec(wildcards):
    return spec(own("faces"))


@functools.cache
def shard_pictures(shard):
    """What the given pictures of a shard's clips are; None while a detector looks at the clips."""
    if config["faces"]["backend"] != "precropped":
        return None
    clips = [clip for clip in CLIPS if shard_of(clip, SHARDS) == int(shard)]
    return files_digest(watched_files(Path(config["faces"]["precropped"]["root"]), clips))


def pictures_digest(wildcards):
    return shard_pictures(wildcards.shard)


def corpus_root(wildcards):
    return layout.corpus_root


def own(section):
    """A section of params.yaml without what changes no result."""
    return {key: value for key, value in config[section].items() if key != "numeric_threads"}


# Features

AUGMENTATIONS = sorted({run.augmentation for run in layout.runs.values()})


def demo_encoder_spec(wildcards):
    folder = f"results/features/weights/{wildcards.architecture}-{wildcards.made}"
    encoders = config["features"]["encoders"]
    name = next(name for name in encoders if layout.demo_weights(name) == folder)
    layers = {key: encoders[name][key] for key in ("layers",) if key in encoders[name]}
    return spec({**encoders[name]["demo"], **layers})


@functools.cache
def shard_files(encoder, shard):
    clips = PRECOMPUTED[encoder]
    chosen = [clip for clip in clips if shard_of(clip, SHARDS) == int(shard)]
    return [file for clip in chosen for file in clips[clip]]


@functools.cache
def shard_digest(encoder, shard):
    return files_digest(shard_files(encoder, shard))


def precomputed_files(wildcards):
    """The files of the shard's clips that exist, so that a changed one is noticed."""
    return shard_files(wildcards.encoder, wildcards.shard)


def precomputed_digest(wildcards):
    """What the shard's files are, so that older ones in their place are noticed too."""
    return shard_digest(wildcards.encoder, wildcards.shard)


def faceless_list(encoder, condition, shard):
    """Clips to which precomputed features say that they have no face."""
    return f"{layout.corpus}/faceless/{encoder}/{condition}/{shard}.csv"


def precomputed_spec(wildcards):
    return spec(layout.encoder_spec(wildcards.encoder))


def draws_of(condition):
    """The noise manifest of a condition other than the clean one."""
    fixed = condition == layout.levels_key
    return layout.levels_manifest if fixed else layout.noise_manifest


def extraction_inputs(wildcards):
    """Weights; crops for a visual encoder; draws and recordings for a noise condition."""
    found = {"weights": layout.weight_files(wildcards.encoder)}
    if layout.modality(wildcards.encoder) == "visual":
        found["crops"] = f"{layout.faces}/crops-{wildcards.shard}-of-{SHARDS}.safetensors"
    if wildcards.condition != "clean":
        found["noise"] = draws_of(wildcards.condition)
        if layout.modality(wildcards.encoder) == "audio":
            found["recordings"] = layout.noise_files()
    return found


def extraction_options(wildcards, input):
    crops = options("--crops", [input.crops]) if "crops" in input.keys() else ""
    if wildcards.condition == "clean":
        return crops
    return f"{crops} {options('--noise', [input.noise])} {options('--noise-root', [layout.noise_root])}"


def extraction_weights(wildcards):
    return options("--weights", [path for path in [layout.weights(wildcards.encoder)] if path])


def extraction_spec(wildcards):
    encoder = layout.encoder_spec(wildcards.encoder)
    return spec({key: value for key, value in encoder.items() if key != "demo"})


def extraction_store(wildcards):
    return layout.feature_store(wildcards.encoder)


def files_of(modules):
    """Files of modules and packages that are named as in an import."""
    parts = [Path(*name.split(".")[1:]) for name in modules]
    return [part if (PACKAGE / part).is_dir() else part.with_suffix(".py") for part in parts]


def extraction_code(wildcards):
    """The extraction's own files, of this encoder alone; of the noise for corrupted copies alone."""
    architecture = layout.encoder_spec(wildcards.encoder)["architecture"]
    decisive = files_of(code_of(architecture, wildcards.condition != "clean"))
    return code("faces/crops.py", "features/ahead.py", *decisive, "storage")


def teaching_code(wildcards):
    """What decides a demo encoder's weights."""
    return code(*files_of(teaching_modules_of(wildcards.architecture)), "storage")


def all_feature_shards():
    return [
        path
        for name, augmentation in layout.conditions(AUGMENTATIONS)
        for path in layout.feature_shards(name, augmentation)
    ]


def named_feature_shards():
    """Every feature shard as NAME:CONDITION=path."""
    return [
        f"{name}:{layout.condition(augmentation)}={path}"
        for name, augmentation in layout.conditions(AUGMENTATIONS)
        for path in layout.feature_shards(name, augmentation)
    ]


# Probes, fusion, ensemble


def gpus(section):
    """How many GPUs a job of a section takes."""
    return 1 if config[section]["device"] == "cuda" else 0


def how(section):
    """Options of a training that say how it is done and not what it gives: kept from ``params:``."""
    stack = config[section]["stack"]
    return f"--device {config[section]['device']}" + (f" --stack {stack}" if stack else "")


def probe_spec(wildcards):
    return spec(layout.probe_spec(wildcards.encoder))


def probe_features(wildcards):
    return options(
        "--features",
        [f"{wildcards.encoder}={path}" for path in probe_shards(wildcards)],
    )


def probe_shards(wildcards):
    return layout.feature_shards(wildcards.encoder, "clean")


def run_files(of):
    """What a training of a layout leaves in its folder."""
    return [
        *(f"predictions-{reading}.parquet" for reading in READINGS),
        "curves.csv",
        *(f"weights-seed{seed}.safetensors" for seed in of.config["fusion"]["training"]["seeds"]),
    ]


def group_conditions(of, runs):
    """Encoders by condition that a group of runs reads: clean ones, and copies for noisy runs."""
    names = sorted({name for run in runs for name in of.run_encoders(of.runs[run])})
    return {kind: names for kind in ["clean", *{of.runs[run].augmentation for run in runs}]}


def group_shards(of, runs):
    return {
        condition: [path for name in names for path in of.feature_shards(name, condition)]
        for condition, names in group_conditions(of, runs).items()
    }


def group_features(of, runs):
    flags = {"clean": "--features", "noise": "--noise-features"}
    return " ".join(
        options(flags[condition], [f"{name}={path}" for path in paths])
        for condition, names in group_conditions(of, runs).items()
        for name in names
        for paths in [of.feature_shards(name, condition)]
    )


def group_spec(of, runs):
    told = spec({run: of.run_spec(of.runs[run]) for run in runs})
    return lambda wildcards: told


def ensemble_members(wildcards):
    _, members = layout.ensembles[wildcards.ensemble]
    return [f"results/runs/{name}/predictions-{wildcards.reading}.parquet" for name in members]


def ensemble_options(wildcards):
    return options("--member", ensemble_members(wildcards))
