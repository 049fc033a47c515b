# report: what random folds leak by speaker, as the same systems in folds by speaker tell.
if layout.leak == MEASURED:
    BY_SPEAKER = TRAINED["fusion_train_speakers"]
    # The same systems and readings in the folds of the settings.
    HELD_OUT = BY_SPEAKER.predictions()
    MIXED = {label: path for label, path in layout.predictions().items() if label in HELD_OUT}

    rule report_speakers:
        input:
            code=code("report", "training"),
            scores=f"{layout.tables}/scores.json",
            manifest=layout.manifest,
            folds=layout.folds,
            speaker_folds=BY_SPEAKER.folds,
            predictions=list(MIXED.values()),
            held_out=list(HELD_OUT.values()),
        output:
            csv=f"{layout.tables}/speakers.csv",
            md=report(
                f"{layout.tables}/speakers.md",
                caption="../report/speakers.rst",
                category="Speakers",
            ),
        log:
            "results/logs/report_speakers.log",
        benchmark:
            "results/runs/benchmarks/report_speakers.tsv"
        params:
            spec=report_spec("bootstrap", "rows", "note", "systems"),
            predictions=options("--predictions", pairs(MIXED)),
            held_out=options("--held-out", pairs(HELD_OUT)),
        message:
            "What random folds leak by speaker"
        shell:
            "python -m merflow report speakers --spec {params.spec:q} --scores {input.scores:q}"
            " --manifest {input.manifest:q} --folds {input.folds:q} {params.predictions}"
            " --speaker-folds {input.speaker_folds:q} {params.held_out}"
            " --out-csv {output.csv:q} --out-md {output.md:q} > {log:q} 2>&1"
