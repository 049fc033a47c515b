"""A project folder whose params.yaml has just the encoders that a test wants."""

from pathlib import Path
from typing import Any

import yaml

from merflow.encoders.registry import layers_of

ROOT = Path(__file__).parents[2]


def make_project(folder: Path, encoders: dict[str, dict[str, Any]] | None) -> Path:
    """Make a folder that is taken for a project; without encoders it has no params.yaml."""
    (folder / "workflow").mkdir(parents=True)
    for name in ("Snakefile", "presets", "workflow/schemas"):
        (folder / name).symlink_to(ROOT / name)
    if encoders is None:
        return folder
    config = yaml.safe_load((ROOT / "presets/demo.yaml").read_text(encoding="utf-8"))
    config["features"]["encoders"] = encoders
    config["probes"]["encoders"] = []
    name, spec = next(iter(encoders.items()))
    system = {**config["fusion"]["systems"][0], "features": [f"{name}({layers_of(spec)[0]})"]}
    config["fusion"]["systems"] = [system]
    config["ensemble"]["systems"] = []
    config["report"] |= {"submission": None, "robustness": None}
    (folder / "params.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder
