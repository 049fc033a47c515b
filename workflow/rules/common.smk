# Shared by all rule files. The checked settings, the layout of paths, the package files.
import functools
import json
import os
import re
import shlex
from pathlib import Path

import yaml

from merflow import settings
from merflow.errors import MerflowError
from merflow.corpus.adapters.registry import ADAPTERS
from merflow.environment import prepare_environment
from merflow.faces.pictures import watched_files
from merflow.features.watched import files_digest
from merflow.layout import READINGS, Layout
from merflow.run import Run
from merflow.storage.shards import shard_of

# Relative, so that a project that is moved or copied with its results runs nothing again.
PACKAGE = Path(os.path.relpath(Path(workflow.basedir) / "src" / "merflow"))
SCHEMA = Path(workflow.basedir) / "workflow" / "schemas" / "params.schema.yaml"


prepare_environment()

try:
    settings.check(config, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
    settings.check_files(config)
    layout = Layout(config)
    CLIPS = settings.clips_to_watch(layout.listed)
    PRECOMPUTED = settings.features_to_watch(config, layout.listed)
    # Those of the settings, and where random folds may leak those in folds by speaker.
    TRAINED = layout.trained
except MerflowError as error:
    refuse(f"{error}\n`merflow doctor` says what else is missing or wrong")


# Digests of noise recordings, which are large and read by many jobs.
KNOWN = "results/noise/known.json"
SHARDS = config["corpus"]["shards"]
run = Run(layout, lambda: workflow.cores, lambda: [*tables(), *figures()], lambda: asked_for())


def code(*parts):
    """Files of the named packages and modules: editing one reruns the rules that list it."""
    paths = [PACKAGE / part for part in (*parts, "seeds.py")]
    files = [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])]
    return [str(file) for file in sorted(files)]


def asked_for():
    """The files that this run's targets are, or consist of; known when jobs have been planned."""
    return [str(file) for job in workflow.dag.targetjobs for file in job.output or job.input]


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


def few_speakers(wildcards):
    """Where speakers turn out fewer than folds: an error only if the settings ask for such folds."""
    return "" if wildcards.digest == layout.folds_key else "--leave-undivided"


def split_labels(wildcards):
    return list(config["corpus"]["labels"].values())


def split_label_options(wildcards):
    return options("--labels", pairs(config["corpus"]["labels"]))


def detector_file(wildcards):
    faces = config["faces"]
    return [faces["yunet"]["path"]] if faces["backend"] == "yunet" else []


def faces_to_look_at(wildcards):
    """The quality table and the contact sheet, if any face is cut out."""
    if not layout.needs_faces:
        refuse(
            "params.yaml: no encoder under features.encoders looks at faces, so there are none to"
            " make; add one that does (docs/encoders.md)"
        )
    return [f"{layout.faces}/quality.csv", *pictures()]


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
    root = config["faces"]["precropped"]["root"]
    return files_digest(watched_files(Path(root), clips), root)


def pictures_digest(wildcards):
    return shard_pictures(wildcards.shard)


def corpus_root(wildcards):
    return layout.corpus_root


def own(section):
    """A section of params.yaml without what changes no result."""
    return {key: value for key, value in config[section].items() if key != "numeric_threads"}
