# corpus: one adapter per corpus -> one manifest, one list of quarantined clips, recorded folds.
if config["corpus"]["adapter"] == "demo":
    PARTS = [f"{layout.corpus}/raw/part-{shard}.csv" for shard in layout.shards()]

    # The clips lie beside their part's list; a killed job keeps those it had finished.
    rule corpus_demo_clips:
        input:
            code=code("corpus/demo", "media"),
        output:
            table=f"{layout.corpus}/raw/part-{{shard}}-of-{SHARDS}.csv",
        log:
            "results/logs/corpus_demo_clips/{shard}.log",
        benchmark:
            "results/runs/benchmarks/corpus_demo_clips/{shard}.tsv"
        # All waits for the clips and their faces; the encoders can be taught beside them.
        priority: 1
        params:
            spec=spec(config["corpus"]["demo"]),
            shards=SHARDS,
            clips=f"{layout.corpus_root}/clips",
        message:
            "Demo clips, part {wildcards.shard}"
        shell:
            "python -m merflow corpus demo-clips --spec {params.spec:q}"
            " --part {wildcards.shard} --parts {params.shards}"
            " --out {params.clips:q} --table {output.table:q} > {log:q} 2>&1"

    rule corpus_demo_table:
        input:
            code=code(*(f"corpus/{name}.py" for name in ("label", "labels", "label_file"))),
            parts=PARTS,
        output:
            table=layout.corpus_csv,
        log:
            "results/logs/corpus_demo_table.log",
        benchmark:
            "results/runs/benchmarks/corpus_demo_table.tsv"
        params:
            parts=options("--part-table", PARTS),
        message:
            "Demo labels"
        shell:
            "python -m merflow corpus demo-table {params.parts}"
            " --out {output.table:q} > {log:q} 2>&1"

    # Speech in MUSAN's layout, by voices that speak in no clip.
    rule corpus_demo_noise:
        input:
            code=code("corpus/demo", "media"),
        output:
            layout.noise_files(),
        log:
            "results/logs/corpus_demo_noise.log",
        benchmark:
            "results/runs/benchmarks/corpus_demo_noise.tsv"
        params:
            spec=spec(config["corpus"]["demo"]),
            folder=noise_root,
        message:
            "Demo noise recordings"
        shell:
            "python -m merflow corpus demo-noise --spec {params.spec:q}"
            " --out {params.folder:q} > {log:q} 2>&1"


# The list's digest is in its path, so that a clip or label that changes makes another list.
if config["corpus"]["adapter"] in ADAPTERS:

    rule corpus_own_layout:
        input:
            code=code(
                *(f"corpus/adapters/{name}.py" for name in ("folder", "registry", "label_table")),
                f"corpus/adapters/{config['corpus']['adapter']}.py",
                *(f"corpus/{name}.py" for name in ("label", "label_file", "split_files")),
                "corpus/split_labels.py",
            ),
        output:
            table=layout.corpus_csv,
        log:
            "results/logs/corpus_own_layout.log",
        benchmark:
            "results/runs/benchmarks/corpus_own_layout.tsv"
        params:
            spec=adapter_spec(),
            root=corpus_root,
            digest=layout.listed.digest,
        message:
            "Listing the clips of {params.root}"
        shell:
            "python -m merflow corpus own-layout --spec {params.spec:q} --root {params.root:q}"
            " --digest {params.digest} --out {output.table:q} > {log:q} 2>&1"


if config["corpus"]["adapter"] == "labels":
    CHECKED = [f"{layout.corpus}/checked/labels.csv"]

    # Labels alone: there is no clip that could be looked at.
    rule corpus_list:
        input:
            code=code(
                *(f"corpus/{name}.py" for name in ("label", "label_file", "split_files")),
                *("corpus/split_labels.py", "corpus/listing.py", "corpus/manifest.py"),
            ),
            labels=split_labels,
        output:
            checked=CHECKED,
        log:
            "results/logs/corpus_list.log",
        benchmark:
            "results/runs/benchmarks/corpus_list.tsv"
        params:
            spec=label_spec(),
            labels=split_label_options,
        message:
            "Listing clips by their labels"
        shell:
            "python -m merflow corpus list --spec {params.spec:q} {params.labels}"
            " --out {output.checked:q} > {log:q} 2>&1"

else:
    CHECKED = [f"{layout.corpus}/checked/{shard}.csv" for shard in layout.shards()]

    # Every clip is decoded once, whole: what cannot be used is quarantined with its reason.
    rule corpus_check:
        input:
            code=code(
                *(f"corpus/{name}.py" for name in ("check", "clip_file", "facts", "label")),
                *(f"corpus/{name}.py" for name in ("labels", "label_file", "manifest")),
                *("media", "storage"),
            ),
            csv=corpus_csv,
            clips=listed_clips,
        output:
            checked=f"{layout.corpus}/checked/{{shard}}-of-{SHARDS}.csv",
        log:
            "results/logs/corpus_check/{shard}.log",
        benchmark:
            "results/runs/benchmarks/corpus_check/{shard}.tsv"
        priority: 1
        params:
            spec=label_spec(),
            shards=SHARDS,
            root=corpus_root,
            store="results/corpus/store",
        message:
            "Checking clips, shard {wildcards.shard}"
        shell:
            "python -m merflow corpus check --spec {params.spec:q} --csv {input.csv:q}"
            " --root {params.root:q} --shard {wildcards.shard} --shards {params.shards}"
            " --store {params.store:q} --out {output.checked:q} > {log:q} 2>&1"


rule corpus_manifest:
    input:
        code=code("corpus/manifest.py"),
        checked=CHECKED,
    output:
        manifest=layout.manifest,
        quarantine=f"{layout.corpus}/quarantine.csv",
    log:
        "results/logs/corpus_manifest.log",
    benchmark:
        "results/runs/benchmarks/corpus_manifest.tsv"
    params:
        checked=options("--checked", CHECKED),
    message:
        "Manifest and quarantine"
    shell:
        "python -m merflow corpus manifest {params.checked} --out {output.manifest:q}"
        " --quarantine {output.quarantine:q} > {log:q} 2>&1"


rule corpus_folds:
    input:
        code=code("corpus/folds.py"),
        manifest=layout.manifest,
    output:
        folds=f"{layout.corpus}/folds-{{digest}}.csv",
    log:
        "results/logs/corpus_folds/folds-{digest}.log",
    benchmark:
        "results/runs/benchmarks/corpus_folds/folds-{digest}.tsv"
    wildcard_constraints:
        digest="[0-9a-f]{8}",
    params:
        spec=folds_spec,
        few=few_speakers,
    message:
        "Folds"
    shell:
        "python -m merflow corpus folds --spec {params.spec:q} --manifest {input.manifest:q}"
        " --out {output.folds:q} {params.few} > {log:q} 2>&1"
