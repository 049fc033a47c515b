# probes: one unimodal model per layer of each encoder (Figure 4).
rule probes_train:
    input:
        code=code("probes", "training", "features/read.py", "features/file.py"),
        manifest=layout.manifest,
        folds=layout.folds,
        shards=probe_shards,
    output:
        multiext(
            "results/runs/probe.{encoder}-{digest}/",
            "predictions-organiser.parquet",
            "predictions-honest.parquet",
            "curves.csv",
        ),
    log:
        "results/logs/probes_train/{encoder}-{digest}.log",
    benchmark:
        "results/runs/benchmarks/probes_train/{encoder}-{digest}.tsv"
    wildcard_constraints:
        digest="[0-9a-f]{8}",
    resources:
        gpu=gpus("probes"),
        how=how("probes"),
        numeric_threads=config["probes"]["numeric_threads"],
    params:
        spec=probe_spec,
        features=probe_features,
        store="results/runs/store",
        out=subpath(output[0], parent=True),
    message:
        "Probes of {wildcards.encoder}"
    shell:
        "python -m merflow --threads {resources.numeric_threads} probes train --spec {params.spec:q}"
        " --manifest {input.manifest:q} --folds {input.folds:q} {params.features}"
        " {resources.how} --store {params.store:q} --out {params.out:q} > {log:q} 2>&1"
