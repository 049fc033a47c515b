# What is predicted at fixed SNRs, and from what.
from merflow.layout import LEVELS


def robust_systems():
    """Settings of the systems that are predicted at fixed SNRs, by their run folder."""
    return layout.robustness_spec()["systems"]


def robust_encoders():
    """Every encoder that these systems read."""
    return sorted(
        {name for run in robust_systems() for name in layout.run_encoders(layout.runs[run])}
    )


def feature_options(flag, names, kind):
    """A repeated option with the shards of some encoders under a kind of condition."""
    shards = [(name, path) for name in names for path in layout.feature_shards(name, kind)]
    return options(flag, [f"{name}={path}" for name, path in shards])


def robust_shards():
    clean = [path for name in robust_encoders() for path in layout.feature_shards(name, "clean")]
    return clean + [path for name in layout.heard for path in layout.feature_shards(name, LEVELS)]


def robust_features():
    clean = feature_options("--features", robust_encoders(), "clean")
    return f"{clean} {feature_options('--noise-features', layout.heard, LEVELS)}"


def robust_runs():
    """What the run folders keep: weights, and the predictions that these have to give again."""
    seeds = config["fusion"]["training"]["seeds"]
    told = layout.robustness_spec()
    kept = [f"{run}/weights-seed{seed}.safetensors" for run in told["systems"] for seed in seeds]
    kept += [f"{run}/weights-honest.json" for run in told["ensembles"]]
    kept += [f"{run}/predictions-honest.parquet" for run in (*told["systems"], *told["ensembles"])]
    return [f"results/runs/{file}" for file in kept]
