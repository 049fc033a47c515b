# Targets, parts of the whole: `snakemake --cores all faces`.


# Before encoders and trainings are worth their hours: whether faces are found, and whose.
rule faces:
    input:
        faces_to_look_at,
    message:
        "Faces are made"


# The whole cache, also what was removed from it as damaged.
rule features:
    input:
        all_feature_shards(),
        "results/manifests/features.json",
    message:
        "Features are made"


# The test splits with noise, as mp4 for others to test on.
rule noisy_corpus:
    input:
        f"{NOISY}/noisy.csv",
    message:
        "Corrupted test clips are made"


rule table1:
    input:
        [path for path in tables() if Path(path).stem in ("table1", "differences", "speakers")],
    message:
        "Table 1 is made"


rule figure4:
    input:
        [path for path in [*tables(), *figures()] if "figure4" in path],
    message:
        "Figure 4 is made"
