# robustness: a test split at fixed SNRs, predicted with the weights that the trainings kept.
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
            out=subpath(output[0], parent=True),
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
