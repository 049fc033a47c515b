# report: metrics from the prediction files alone, the paper's Table 1 and Figure 4, submissions.
QUARANTINES = quarantines()
PREDICTIONS = layout.predictions()
PROBES = {
    f"{name}|{reading}": f"{layout.probe(name)}/predictions-{reading}.parquet"
    for name in config["probes"]["encoders"]
    for reading in READINGS
}


rule report_metrics:
    input:
        code=code("report", "training"),
        manifest=layout.manifest,
        folds=layout.folds,
        quarantine=QUARANTINES,
        predictions=list(PREDICTIONS.values()),
    output:
        metrics="results/metrics.json",
        scores=f"{layout.tables}/scores.json",
        by_fold=f"{layout.private}/scores.csv",
    log:
        "results/logs/report_metrics.log",
    benchmark:
        "results/runs/benchmarks/report_metrics.tsv"
    params:
        spec=report_spec("bootstrap", "rows", "definitions", "note"),
        quarantine=options("--quarantine", QUARANTINES),
        predictions=options("--predictions", pairs(PREDICTIONS)),
    message:
        "Metrics"
    shell:
        "python -m merflow report metrics --spec {params.spec:q} --manifest {input.manifest:q}"
        " --folds {input.folds:q} {params.quarantine} {params.predictions}"
        " --out {output.by_fold:q} --out-scores {output.scores:q}"
        " --out-json {output.metrics:q} > {log:q} 2>&1"


rule report_table1:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/table1.csv",
        md=report(
            f"{layout.tables}/table1.md",
            caption="../report/table1.rst",
            category="Table 1",
        ),
    log:
        "results/logs/report_table1.log",
    benchmark:
        "results/runs/benchmarks/report_table1.tsv"
    params:
        spec=report_spec(
            *("rows", "note", "systems", "definitions", "mer2023", "training", "leak"),
        ),
    message:
        "Table 1"
    shell:
        "python -m merflow report table1 --spec {params.spec:q} --scores {input.scores:q}"
        " --out-csv {output.csv:q} --out-md {output.md:q} > {log:q} 2>&1"


rule report_differences:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/differences.csv",
        md=report(
            f"{layout.tables}/differences.md",
            caption="../report/differences.rst",
            category="Differences",
        ),
    log:
        "results/logs/report_differences.log",
    benchmark:
        "results/runs/benchmarks/report_differences.tsv"
    params:
        spec=report_spec("rows", "note", "systems"),
    message:
        "Paired differences"
    shell:
        "python -m merflow report differences --spec {params.spec:q}"
        " --scores {input.scores:q} --out-csv {output.csv:q} --out-md {output.md:q}"
        " > {log:q} 2>&1"


rule report_augmentation:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/augmentation.csv",
        md=report(
            f"{layout.tables}/augmentation.md",
            caption="../report/augmentation.rst",
            category="Augmentation",
        ),
    log:
        "results/logs/report_augmentation.log",
    benchmark:
        "results/runs/benchmarks/report_augmentation.tsv"
    params:
        spec=report_spec("rows", "note", "systems"),
    message:
        "Table of augmentation"
    shell:
        "python -m merflow report augmentation --spec {params.spec:q}"
        " --scores {input.scores:q} --out-csv {output.csv:q} --out-md {output.md:q}"
        " > {log:q} 2>&1"


rule report_jdev:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/jdev.csv",
        md=report(
            f"{layout.tables}/jdev.md",
            caption="../report/jdev.rst",
            category="JDEV",
        ),
    log:
        "results/logs/report_jdev.log",
    benchmark:
        "results/runs/benchmarks/report_jdev.tsv"
    params:
        spec=report_spec("rows", "note", "systems", "definitions"),
    message:
        "Table of JDEV comparisons"
    shell:
        "python -m merflow report jdev --spec {params.spec:q} --scores {input.scores:q}"
        " --out-csv {output.csv:q} --out-md {output.md:q} > {log:q} 2>&1"


# The paper changes decoder and loss at once; the two other systems tell their effects apart.
rule report_loss_decoder:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/loss_decoder.csv",
        md=report(
            f"{layout.tables}/loss_decoder.md",
            caption="../report/loss_decoder.rst",
            category="Loss and decoder",
        ),
    log:
        "results/logs/report_loss_decoder.log",
    benchmark:
        "results/runs/benchmarks/report_loss_decoder.tsv"
    params:
        spec=report_spec("rows", "note", "definitions"),
    message:
        "Table of losses and decoders"
    shell:
        "python -m merflow report loss-decoder --spec {params.spec:q}"
        " --scores {input.scores:q} --out-csv {output.csv:q} --out-md {output.md:q}"
        " > {log:q} 2>&1"


rule report_challenge:
    input:
        code=code("report", "training"),
        scores=f"{layout.tables}/scores.json",
    output:
        csv=f"{layout.tables}/challenge.csv",
        md=report(
            f"{layout.tables}/challenge.md",
            caption="../report/challenge.rst",
            category="Challenge",
        ),
    log:
        "results/logs/report_challenge.log",
    benchmark:
        "results/runs/benchmarks/report_challenge.tsv"
    params:
        spec=report_spec("rows", "note", "definitions", "mer2023", "training"),
    message:
        "Beside the challenge's baseline"
    shell:
        "python -m merflow report challenge --spec {params.spec:q}"
        " --scores {input.scores:q} --out-csv {output.csv:q} --out-md {output.md:q}"
        " > {log:q} 2>&1"


rule report_figure4:
    input:
        code=code("report", "training"),
        manifest=layout.manifest,
        folds=layout.folds,
        probes=list(PROBES.values()),
    output:
        svg=report(
            f"{layout.figures}/figure4.svg",
            caption="../report/figure4.rst",
            category="Figure 4",
        ),
        png=f"{layout.figures}/figure4.png",
        csv=f"{layout.tables}/figure4.csv",
    log:
        "results/logs/report_figure4.log",
    benchmark:
        "results/runs/benchmarks/report_figure4.tsv"
    params:
        spec=report_spec("bootstrap", "note", "depths", "kind"),
        probes=options(
            "--probe",
            pairs(PROBES),
        ),
    message:
        "Figure 4"
    shell:
        "python -m merflow report figure4 --spec {params.spec:q} --manifest {input.manifest:q}"
        " --folds {input.folds:q} {params.probes} --out-svg {output.svg:q}"
        " --out-png {output.png:q} --out-csv {output.csv:q} > {log:q} 2>&1"


# The challenge's csv: predictions of single clips, so private.
rule report_submission:
    input:
        code=code("report", "training"),
        manifest=layout.manifest,
        quarantine=f"{layout.corpus}/quarantine.csv",
        predictions=submitted_predictions,
    output:
        csv=f"{layout.private}/submission/{{split}}.csv",
    log:
        "results/logs/report_submission/{split}.log",
    benchmark:
        "results/runs/benchmarks/report_submission/{split}.tsv"
    wildcard_constraints:
        split=one_of(config["corpus"]["tests"]),
    params:
        spec=report_spec("emotion_only"),
    message:
        "Submission for {wildcards.split}"
    shell:
        "python -m merflow report submission --spec {params.spec:q}"
        " --manifest {input.manifest:q} --quarantine {input.quarantine:q}"
        " --predictions {input.predictions:q} --split {wildcards.split}"
        " --out {output.csv:q} > {log:q} 2>&1"


# Committed: versions, counts and digests; no clip, no time, no path.
rule report_manifest:
    input:
        code=code("report", "training"),
        manifest=layout.manifest,
        quarantine=QUARANTINES,
    output:
        manifest="results/manifests/corpus.json",
    log:
        "results/logs/report_manifest.log",
    benchmark:
        "results/runs/benchmarks/report_manifest.tsv"
    params:
        spec=report_spec("digests"),
        quarantine=options("--quarantine", QUARANTINES),
    message:
        "Manifest of the run"
    shell:
        "python -m merflow report manifest --spec {params.spec:q}"
        " --manifest {input.manifest:q} {params.quarantine}"
        " --out {output.manifest:q} > {log:q} 2>&1"


# Ignored by Git: what ran where, with which weights, and what it cost.
rule report_run:
    input:
        code=code("report", "training"),
        results=[tables(), figures(), submissions(), "results/metrics.json"],
        weights=report_weights,
    output:
        run="results/runs/run.json",
    log:
        "results/logs/report_run.log",
    params:
        spec=report_spec("seeds", "present"),
        weights=report_weight_options,
        benchmarks="results/runs/benchmarks",
    message:
        "Record of the run"
    shell:
        "python -m merflow report run --spec {params.spec:q} {params.weights}"
        " --benchmark-dir {params.benchmarks:q} --out {output.run:q} > {log:q} 2>&1"
