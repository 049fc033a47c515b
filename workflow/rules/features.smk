# features: one forward pass of each frozen encoder gives the utterance mean of every layer.
ENCODERS = config["features"]["encoders"]


# The demo's encoders, taught on generated speakers that are in no split, saved in the formats of
# the public checkpoints: two as a file ...
rule features_demo_encoder:
    input:
        code=teaching_code,
    output:
        "results/features/weights/{architecture}-{made}/weights.pth",
    log:
        "results/logs/features_demo_encoder/{architecture}-{made}.log",
    benchmark:
        "results/runs/benchmarks/features_demo_encoder/{architecture}-{made}.tsv"
    wildcard_constraints:
        architecture="resnet50_ferplus|manet",
    params:
        spec=demo_encoder_spec,
        folder=subpath(output[0], parent=True),
    message:
        "Teaching the demo encoder {wildcards.architecture}"
    shell:
        "python -m merflow features demo-encoder --kind {wildcards.architecture}"
        " --spec {params.spec:q} --out {params.folder:q} > {log:q} 2>&1"


# ... and HuBERT as Hugging Face's folder.
rule features_demo_hubert:
    input:
        code=teaching_code,
    output:
        multiext(
            "results/features/weights/{architecture}-{made}/",
            "config.json",
            "preprocessor_config.json",
            "model.safetensors",
        ),
    log:
        "results/logs/features_demo_encoder/{architecture}-{made}.log",
    benchmark:
        "results/runs/benchmarks/features_demo_encoder/{architecture}-{made}.tsv"
    wildcard_constraints:
        architecture="hubert",
    params:
        spec=demo_encoder_spec,
        folder=subpath(output[0], parent=True),
    message:
        "Teaching the demo encoder {wildcards.architecture}"
    shell:
        "python -m merflow features demo-encoder --kind {wildcards.architecture}"
        " --spec {params.spec:q} --out {params.folder:q} > {log:q} 2>&1"


rule features_extract:
    input:
        unpack(extraction_inputs),
        code=extraction_code,
        manifest=layout.manifest,
    output:
        shard=(
            "results/features/{encoder}-{digest}/{condition}/"
            f"{layout.corpus_key}/{{shard}}-of-{SHARDS}.safetensors"
        ),
    log:
        "results/logs/features_extract/{encoder}-{digest}/{condition}/{shard}.log",
    benchmark:
        "results/runs/benchmarks/features_extract/{encoder}-{digest}.{condition}.{shard}.tsv"
    wildcard_constraints:
        digest="[0-9a-f]{8}",
        encoder=one_of(name for name in ENCODERS if name not in PRECOMPUTED),
    resources:
        gpu=gpus("features"),
        device=config["features"]["device"],
        batch=config["features"]["batch"],
        workers=config["features"]["workers"],
        numeric_threads=config["features"]["numeric_threads"],
    params:
        spec=extraction_spec,
        options=extraction_options,
        weights=extraction_weights,
        shards=SHARDS,
        root=corpus_root,
        store=extraction_store,
    message:
        "Features {wildcards.encoder}, {wildcards.condition}, shard {wildcards.shard}"
    shell:
        "python -m merflow --threads {resources.numeric_threads} features extract"
        " --name {wildcards.encoder} --spec {params.spec:q} --device {resources.device} --batch {resources.batch} --workers {resources.workers} {params.weights}"
        " --manifest {input.manifest:q} --root {params.root:q} {params.options}"
        " --shard {wildcards.shard} --shards {params.shards} --store {params.store:q}"
        " --out {output.shard:q} > {log:q} 2>&1"


# Features that somebody else has extracted, read from npy files in the organisers' layout.
rule features_collect:
    input:
        precomputed_files,
        code=code(
            *(f"features/{name}.py" for name in ("codec", "file", "organisers", "precomputed")),
            *("features/samples.py", "encoders/registry.py", "storage"),
        ),
        manifest=layout.manifest,
    output:
        shard=(
            "results/features/{encoder}-{digest}/{condition}/"
            f"{layout.corpus_key}/{{shard}}-of-{SHARDS}.safetensors"
        ),
        quarantine=faceless_list("{encoder}-{digest}", "{condition}", f"{{shard}}-of-{SHARDS}"),
    log:
        "results/logs/features_collect/{encoder}-{digest}/{condition}/{shard}.log",
    benchmark:
        "results/runs/benchmarks/features_collect/{encoder}-{digest}.{condition}.{shard}.tsv"
    wildcard_constraints:
        digest="[0-9a-f]{8}",
        condition="clean",
        encoder=one_of(PRECOMPUTED),
    params:
        spec=precomputed_spec,
        shards=SHARDS,
        files=precomputed_digest,
    message:
        "Precomputed features {wildcards.encoder}, shard {wildcards.shard}"
    shell:
        "python -m merflow features collect --spec {params.spec:q}"
        " --manifest {input.manifest:q} --shard {wildcards.shard} --shards {params.shards}"
        " --out {output.shard:q} --quarantine {output.quarantine:q} > {log:q} 2>&1"


# Committed: counts and digests of the cache, no clip and no time.
rule features_manifest:
    input:
        code=code("features/summary.py", "features/file.py", "features/read.py"),
        shards=all_feature_shards(),
    output:
        manifest="results/manifests/features.json",
    log:
        "results/logs/features_manifest.log",
    benchmark:
        "results/runs/benchmarks/features_manifest.tsv"
    params:
        shards=options("--shard", named_feature_shards()),
    message:
        "Manifest of the feature cache"
    shell:
        "python -m merflow features manifest {params.shards}"
        " --out {output.manifest:q} > {log:q} 2>&1"
