# What probes, fusion systems and ensembles read, and what they are told.


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
