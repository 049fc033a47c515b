# fusion: attention-guided feature gathering x decoder; some systems a job, all folds and seeds.
# Where random folds may share speakers, the clean systems once more in folds by speaker.
for trained, of in TRAINED.items():
    for group, runs in of.groups.items():

        rule:
            name:
                f"{trained}_{group}"
            input:
                **group_shards(of, runs),
                code=code(
                    "fusion",
                    "training",
                    "features/read.py",
                    "features/file.py",
                    "encoders/registry.py",
                ),
                manifest=of.manifest,
                folds=of.folds,
            output:
                [f"results/runs/{run}/{file}" for run in runs for file in run_files(of)],
            log:
                f"results/logs/{trained}/{of.group_key(group)}.log",
            benchmark:
                f"results/runs/benchmarks/{trained}/{of.group_key(group)}.tsv"
            resources:
                gpu=gpus("fusion"),
                how=how("fusion"),
                numeric_threads=config["fusion"]["numeric_threads"],
            params:
                spec=group_spec(of, runs),
                features=group_features(of, runs),
                store="results/runs/store",
                out=subpath(output[0], ancestor=2),
                few="" if of is layout else "--leave-untrained",
            message:
                f"Training {len(runs)} systems, {group}"
            shell:
                "python -m merflow --threads {resources.numeric_threads} fusion train"
                " --spec {params.spec:q} --manifest {input.manifest:q} --folds {input.folds:q}"
                " {params.features} {resources.how} --store {params.store:q} --out {params.out:q}"
                " {params.few}"
                " > {log:q} 2>&1"
