# noise: which recording, SNR and picture transform each augmented copy gets.
rule noise_draw:
    input:
        code=code(
            *(f"noise/{name}.py" for name in ("draw", "folder", "manifest", "ranges", "recordings")),
            *("noise/visual.py", "media/blur.py", "media/sound.py"),
        ),
        manifest=layout.manifest,
        recordings=noise_recordings,
    output:
        noise=layout.noise_manifest,
    log:
        "results/logs/noise_draw.log",
    benchmark:
        "results/runs/benchmarks/noise_draw.tsv"
    params:
        spec=spec({key: config["noise"][key] for key in ("seed", "copies", "preset", "visual")}),
        root=noise_root,
    message:
        "Drawing noise"
    shell:
        "python -m merflow noise draw --spec {params.spec:q} --manifest {input.manifest:q}"
        " --root {params.root:q} --out {output.noise:q} > {log:q} 2>&1"
