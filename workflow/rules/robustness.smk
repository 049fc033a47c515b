# robustness: a test split at fixed SNRs, predicted with the weights that the trainings kept.
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


if layout.robustness:
    AT_LEVELS = layout.levels_predictions()

    # One job for all: what it computes takes seconds.
    rule robustness_predict:
        input:
            code=code(
                *("robustness", "ensemble/fuse.py", "fusion", "training", "noise/manifest.py"),
                *("features/read.py", "features/file.py", "encoders/registry.py"),
            ),
            manifest=layout.manifest,
            folds=layout.folds,
            draws=layout.levels_manifest,
            shards=robust_shards(),
            runs=robust_runs(),
        output:
            list(layout.levels_predictions(clean=False).values()),
        log:
            f"results/logs/robustness_predict/{layout.levels.rpartition('-')[2]}.log",
        benchmark:
            f"results/runs/benchmarks/robustness_predict/{layout.levels.rpartition('-')[2]}.tsv"
        params:
            spec=spec(layout.robustness_spec()),
            features=robust_features(),
            out=layout.levels,
        message:
            f"Predicting {layout.robustness['split']} at fixed SNRs"
        shell:
            "python -m merflow robustness predict --spec {params.spec:q}"
            " --manifest {input.manifest:q} --folds {input.folds:q} --draws {input.draws:q}"
            " {params.features} --runs results/runs --out {params.out:q} > {log:q} 2>&1"

    rule report_robustness:
        input:
            code=code("report", "training", "noise/ranges.py"),
            manifest=layout.manifest,
            folds=layout.folds,
            predictions=list(AT_LEVELS.values()),
        output:
            csv=f"{layout.tables}/robustness.csv",
            md=report(
                f"{layout.tables}/robustness.md",
                caption="../report/robustness.rst",
                category="Robustness",
            ),
            svg=report(
                f"{layout.figures}/robustness.svg",
                caption="../report/robustness.rst",
                category="Robustness",
            ),
            png=f"{layout.figures}/robustness.png",
        log:
            "results/logs/report_robustness.log",
        benchmark:
            "results/runs/benchmarks/report_robustness.tsv"
        params:
            spec=report_spec("bootstrap", "rows", "note", "definitions", "robustness", "preset"),
            predictions=options("--predictions", pairs(AT_LEVELS)),
        message:
            "Table and curves of robustness"
        shell:
            "python -m merflow report robustness --spec {params.spec:q}"
            " --manifest {input.manifest:q} --folds {input.folds:q} {params.predictions}"
            " --out-csv {output.csv:q} --out-md {output.md:q} --out-svg {output.svg:q}"
            " --out-png {output.png:q} > {log:q} 2>&1"
