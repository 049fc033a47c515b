# ensemble: k1, k2, k3 on the simplex, found on other folds than the one they are used for.
rule ensemble_fuse:
    input:
        code=code("ensemble", "training"),
        manifest=layout.manifest,
        folds=layout.folds,
        members=ensemble_members,
    output:
        predictions="results/runs/{ensemble}/predictions-{reading}.parquet",
        equal="results/runs/{ensemble}/equal-{reading}.parquet",
        weights="results/runs/{ensemble}/weights-{reading}.json",
    log:
        "results/logs/ensemble_fuse/{ensemble}.{reading}.log",
    benchmark:
        "results/runs/benchmarks/ensemble_fuse/{ensemble}.{reading}.tsv"
    wildcard_constraints:
        ensemble=one_of(layout.ensembles),
    params:
        spec=spec(layout.ensemble_spec()),
        members=ensemble_options,
    message:
        "Ensemble {wildcards.ensemble}, {wildcards.reading} reading"
    shell:
        "python -m merflow ensemble fuse --spec {params.spec:q} --manifest {input.manifest:q}"
        " --folds {input.folds:q} {params.members} --out {output.predictions:q}"
        " --equal {output.equal:q} --weights {output.weights:q} > {log:q} 2>&1"
