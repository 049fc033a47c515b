"""Which files make a checkpoint, and which of them are there."""

from pathlib import Path

from merflow.encoders.sources import WEIGHT_FILES

SETTINGS_FILES = ("config.json", "preprocessor_config.json")
SUFFIXES = frozenset({".pth", ".pt", ".pkl", ".tar", ".safetensors"})


def weight_file(module: str, path: Path) -> Path:
    """Return the file with the weights, be it there or not.

    Args:
        module: The module that loads it, see ``Kind.module``.
        path: A speech network's folder; else the file, or a folder that holds no other one.
    """
    if module == "speech":
        return next((path / name for name in WEIGHT_FILES if (path / name).is_file()), path)
    if not path.is_dir():
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    return files[0] if len(files) == 1 else path


def absent(module: str, path: Path) -> list[str]:
    """Return what a checkpoint lacks to be loaded: names of files; nothing if it is whole."""
    if module != "speech":
        return [] if weight_file(module, path).is_file() else [path.name]
    lacking = [name for name in SETTINGS_FILES if not (path / name).is_file()]
    if not weight_file(module, path).is_file():
        lacking.append(" or ".join(WEIGHT_FILES))
    return lacking
