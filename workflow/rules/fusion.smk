# fusion: attention-guided feature gathering x decoder; some systems a job, all folds and seeds.
for group, runs in layout.groups.items():

    rule:
        name:
            f"fusion_train_{group}"
        input:
            **group_shards(runs),
            code=code(
                "fusion",
                "training",
                "features/read.py",
                "features/file.py",
                "encoders/registry.py",
            ),
            manifest=layout.manifest,
            folds=layout.folds,
        output:
            [f"results/runs/{run}/{file}" for run in runs for file in RUN_FILES],
        log:
            f"results/logs/fusion_train/{layout.group_key(group)}.log",
        benchmark:
            f"results/runs/benchmarks/fusion_train/{layout.group_key(group)}.tsv"
        resources:
            gpu=gpus("fusion"),
            how=how("fusion"),
            numeric_threads=config["fusion"]["numeric_threads"],
        params:
            spec=group_spec(runs),
            features=group_features(runs),
            store="results/runs/store",
            out=subpath(output[0], ancestor=2),
        message:
            f"Training {len(runs)} systems, {group}"
        shell:
            "python -m merflow --threads {resources.numeric_threads} fusion train"
            " --spec {params.spec:q} --manifest {input.manifest:q} --folds {input.folds:q}"
            " {params.features} {resources.how} --store {params.store:q} --out {params.out:q}"
            " > {log:q} 2>&1"
