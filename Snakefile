# merflow: from a folder of clips to the tables of arXiv 2309.07925.
# `snakemake --cores all` makes everything; settings stand in params.yaml alone.
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common_settings.smk"


configfile: "params.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/common_features.smk"
include: "workflow/rules/common_training.smk"
include: "workflow/rules/common_noise.smk"
include: "workflow/rules/common_report.smk"
include: "workflow/rules/common_robustness.smk"


wildcard_constraints:
    shard=r"\d+",
    encoder="|".join(config["features"]["encoders"]),
    reading="|".join(READINGS),


include: "workflow/rules/corpus.smk"
include: "workflow/rules/faces.smk"
include: "workflow/rules/noise.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/probes.smk"
include: "workflow/rules/fusion.smk"
include: "workflow/rules/ensemble.smk"
include: "workflow/rules/robustness.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/speakers.smk"
include: "workflow/rules/targets.smk"


rule all:
    default_target: True
    input:
        tables(),
        figures(),
        submissions(),
        "results/metrics.json",
        "results/manifests/corpus.json",
        "results/manifests/features.json",
        pictures(),
        "results/runs/run.json",
    message:
        "Everything is made"


onstart:
    run.start()


onsuccess:
    run.succeeded()


onerror:
    run.failed()
