# What an encoder reads, and where its features lie.
from merflow.encoders.code import teaching_modules_of
from merflow.features.code import code_of

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
    recordings = f"{options('--noise-root', [layout.noise_root])} {options('--known', [KNOWN])}"
    return f"{crops} {options('--noise', [input.noise])} {recordings}"


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
