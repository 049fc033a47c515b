# fusion: attention-guided feature gathering x decoder, all folds and seeds of one system a job.
rule fusion_train:
    input:
        unpack(run_shards),
        code=code("fusion", "training"),
        manifest=layout.manifest,
        folds=layout.folds,
    output:
        multiext(
            "results/runs/{run}/",
            "predictions-organiser.parquet",
            "predictions-honest.parquet",
            "curves.csv",
            "weights.safetensors",
        ),
    log:
        "results/logs/fusion_train/{run}.log",
    benchmark:
        "results/runs/benchmarks/fusion_train/{run}.tsv"
    wildcard_constraints:
        run=one_of(layout.runs),
    resources:
        numeric_threads=config["fusion"]["numeric_threads"],
    params:
        spec=run_spec,
        features=run_features,
        out=subpath(output[0], parent=True),
    message:
        "Training {wildcards.run}"
    shell:
        "python -m merflow --threads {resources.numeric_threads} fusion train --spec {params.spec:q}"
        " --manifest {input.manifest:q} --folds {input.folds:q} {params.features}"
        " --out {params.out:q} > {log:q} 2>&1"
