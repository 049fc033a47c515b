# noise: which recording, SNR and picture transform each augmented copy gets; corrupted test clips.


rule noise_draw:
    input:
        code=code(*DRAWING),
        manifest=layout.manifest,
        recordings=noise_recordings,
    output:
        noise=layout.noise_manifest,
    log:
        "results/logs/noise_draw.log",
    benchmark:
        "results/runs/benchmarks/noise_draw.tsv"
    params:
        spec=noise_spec("seed", "copies", "preset", "visual"),
        root=noise_root,
        known=KNOWN,
    message:
        "Drawing noise"
    shell:
        "python -m merflow noise draw --spec {params.spec:q} --manifest {input.manifest:q}"
        " --root {params.root:q} --known {params.known:q} --out {output.noise:q}"
        " > {log:q} 2>&1"


# The same for test clips, from recordings that corrupt no training copy.
rule noise_draw_tests:
    input:
        code=code(*DRAWING),
        manifest=layout.manifest,
        recordings=recordings_for_tests,
    output:
        noise=f"{NOISY}/.made/draws.csv",
    log:
        "results/logs/noise_draw_tests.log",
    benchmark:
        "results/runs/benchmarks/noise_draw_tests.tsv"
    params:
        spec=noise_spec("seed", "preset", "visual"),
        splits=noisy_splits(),
        root=noise_root,
        known=KNOWN,
    message:
        "Drawing noise for test clips"
    shell:
        "python -m merflow noise draw-tests --spec {params.spec:q} --manifest {input.manifest:q}"
        " {params.splits} --root {params.root:q} --known {params.known:q} --out {output.noise:q}"
        " > {log:q} 2>&1"


# The clips lie beside noisy.csv; a killed job keeps those it had finished.
rule noise_corrupt:
    input:
        code=code(
            *(f"noise/{name}.py" for name in ("folder", "manifest", "recordings", "sound")),
            *(f"noise/{name}.py" for name in ("noisy_clip", "noisy_corpus", "visual")),
            *("media", "storage/known.py"),
        ),
        manifest=layout.manifest,
        noise=f"{NOISY}/.made/draws.csv",
        recordings=recordings_for_tests,
    output:
        part=f"{NOISY}/.made/{{shard}}-of-{SHARDS}.csv",
    log:
        "results/logs/noise_corrupt/{shard}.log",
    benchmark:
        "results/runs/benchmarks/noise_corrupt/{shard}.tsv"
    params:
        splits=noisy_splits(),
        shards=SHARDS,
        root=corpus_root,
        noise_root=noise_root,
        known=KNOWN,
        folder=noisy_folder,
    message:
        "Corrupted test clips, shard {wildcards.shard}"
    shell:
        "python -m merflow noise corrupt --manifest {input.manifest:q} --root {params.root:q}"
        " --noise {input.noise:q} --noise-root {params.noise_root:q} --known {params.known:q}"
        " {params.splits}"
        " --shard {wildcards.shard} --shards {params.shards} --folder {params.folder:q}"
        " --out {output.part:q} > {log:q} 2>&1"


rule noise_list:
    input:
        code=code("noise/noisy_corpus.py"),
        parts=NOISY_PARTS,
    output:
        table=f"{NOISY}/noisy.csv",
    log:
        "results/logs/noise_list.log",
    benchmark:
        "results/runs/benchmarks/noise_list.tsv"
    params:
        parts=options("--part", NOISY_PARTS),
        folder=noisy_folder,
    message:
        "List of corrupted test clips"
    shell:
        "python -m merflow noise list {params.parts} --folder {params.folder:q}"
        " --out {output.table:q} > {log:q} 2>&1"


# A test split at fixed SNRs, for the robustness table.
if layout.robustness:

    rule noise_levels:
        input:
            code=code(*DRAWING, "noise/levels.py"),
            manifest=layout.manifest,
            recordings=noise_recordings,
        output:
            noise=layout.levels_manifest,
        log:
            "results/logs/noise_levels.log",
        benchmark:
            "results/runs/benchmarks/noise_levels.tsv"
        params:
            spec=spec(layout.levels_spec()),
            root=noise_root,
            known=KNOWN,
        message:
            "Drawing noise at fixed SNRs"
        shell:
            "python -m merflow noise levels --spec {params.spec:q} --manifest {input.manifest:q}"
            " --root {params.root:q} --known {params.known:q} --out {output.noise:q}"
            " > {log:q} 2>&1"
