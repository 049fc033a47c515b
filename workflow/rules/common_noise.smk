# Shared by the rules of the noun noise.
NOISY = layout.noisy
NOISY_PARTS = [f"{NOISY}/.made/{shard}.csv" for shard in layout.shards()]
DRAWING = [
    "storage/known.py",
    *(f"noise/{name}.py" for name in ("draw", "folder", "manifest", "ranges", "recordings")),
    *("noise/visual.py", "media/blur.py", "media/sound.py"),
]


def noise_recordings(wildcards):
    return layout.noise_files()


def noise_root(wildcards):
    return layout.noise_root


def noise_spec(*keys):
    return spec({key: config["noise"][key] for key in keys})


def noisy_folder(wildcards):
    return NOISY


def noisy_splits():
    return options("--split", config["corpus"]["tests"])


def recordings_for_tests(wildcards):
    """The recordings, if there are some and test clips to corrupt with them."""
    try:
        settings.check_noisy_corpus(config)
        return layout.noise_files()
    except MerflowError as error:
        refuse(error)
