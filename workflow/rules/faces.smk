# faces: each clip's main face, tracked and aligned, as crops of 112 x 112 pixels.
FACES = config["faces"]
CROPS = [f"{layout.faces}/crops-{shard}.safetensors" for shard in layout.shards()]
FACTS = [f"{layout.faces}/facts-{shard}.csv" for shard in layout.shards()]
TRACKS = [f"{layout.faces}/tracks-{shard}.parquet" for shard in layout.shards()]


rule faces_crop:
    input:
        code=code("faces", "media", "storage"),
        manifest=layout.manifest,
        detector=detector_file,
    output:
        crops=f"{layout.faces}/crops-{{shard}}-of-{SHARDS}.safetensors",
        tracks=f"{layout.faces}/tracks-{{shard}}-of-{SHARDS}.parquet",
        facts=f"{layout.faces}/facts-{{shard}}-of-{SHARDS}.csv",
    log:
        "results/logs/faces_crop/{shard}.log",
    benchmark:
        "results/runs/benchmarks/faces_crop/{shard}.tsv"
    priority: 1
    # Clips side by side: that changes no result, unlike threads within the numerics.
    threads: shard_cores
    resources:
        numeric_threads=FACES["numeric_threads"],
    params:
        spec=faces_spec,
        shards=SHARDS,
        root=corpus_root,
        store="results/faces/store",
        pictures=pictures_digest,
    message:
        "Faces, shard {wildcards.shard}"
    shell:
        "python -m merflow --threads {resources.numeric_threads} faces crop --spec {params.spec:q}"
        " --manifest {input.manifest:q} --root {params.root:q}"
        " --shard {wildcards.shard} --shards {params.shards} --store {params.store:q}"
        " --crops {output.crops:q} --tracks {output.tracks:q}"
        " --facts {output.facts:q} --workers {threads} > {log:q} 2>&1"


# Clips without a face stay in the manifest: dropped from training, imputed on a test set.
rule faces_quality:
    input:
        code=code("faces"),
        manifest=layout.manifest,
        tracks=TRACKS,
        facts=FACTS,
    output:
        quality=f"{layout.faces}/quality.csv",
        quarantine=f"{layout.faces}/quarantine.csv",
    log:
        "results/logs/faces_quality.log",
    benchmark:
        "results/runs/benchmarks/faces_quality.tsv"
    params:
        tracks=options("--tracks", TRACKS),
        facts=options("--facts", FACTS),
    message:
        "Quality of faces"
    shell:
        "python -m merflow faces quality {params.tracks} {params.facts} --manifest {input.manifest:q}"
        " --out {output.quality:q} --quarantine {output.quarantine:q} > {log:q} 2>&1"


# A contact sheet to look at; pictures of persons stay private.
rule faces_sheet:
    input:
        code=code("faces"),
        manifest=layout.manifest,
        crops=CROPS,
        quality=rules.faces_quality.output.quality,
    output:
        sheet=f"{layout.private}/faces.png",
    log:
        "results/logs/faces_sheet.log",
    benchmark:
        "results/runs/benchmarks/faces_sheet.tsv"
    params:
        crops=options("--crops", CROPS),
    message:
        "Contact sheet of faces"
    shell:
        "python -m merflow faces sheet {params.crops} --manifest {input.manifest:q}"
        " --quality {input.quality:q} --out {output.sheet:q} > {log:q} 2>&1"
