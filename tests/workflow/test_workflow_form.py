"""The form of the workflow: size, imports, settings that every YAML reader reads alike."""

import ast
import subprocess
import sys

import pytest
import yaml
from graph import ROOT, small_settings, snakemake, write_settings
from ruamel.yaml import YAML

ORDER = [
    "errors",
    "seeds",
    "options",
    "threads",
    "progress",
    "startup",
    "lock",
    "storage",
    "media",
    "corpus",
    "faces",
    "noise",
    "encoders",
    "features",
    "training",
    "probes",
    "fusion",
    "ensemble",
    "robustness",
    "report",
    "settings",
    "layout",
    "ending",
    "watch",
    "run",
    "environment",
    "use",
    "cache",
    "compare",
    "doctor",
    "cli",
]
PACKAGE = ROOT / "src" / "merflow"


def imported_nouns(path):
    """Return the names below ``merflow`` that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = (
                [f"merflow.{alias.name}" for alias in node.names]
                if node.module == "merflow"
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        names |= {m.split(".")[1] for m in modules if m.startswith("merflow.")}
    return names


def test_every_part_has_its_place_in_the_order():
    parts = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("__")}
    assert parts == set(ORDER)


@pytest.mark.parametrize("part", ORDER)
def test_imports_point_down_only(part):
    folder = PACKAGE / part
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{part}.py"]
    for path in files:
        # A noun's commands are a part of the command line, which alone imports them.
        level = "cli" if path.name == "commands.py" else part
        for name in imported_nouns(path):
            assert ORDER.index(name) <= ORDER.index(level), f"{path} imports {name}"


def test_files_are_short():
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ("src", "workflow", "tests", "benchmarks")
        for suffix in ("*.py", "*.smk")
        for path in (ROOT / folder).rglob(suffix)
        if (count := len(path.read_text().splitlines())) > 350
    }
    assert not long
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 70


def test_planning_imports_no_torch(tmp_path):
    write_settings(tmp_path, small_settings())
    forbidden = tmp_path / "forbidden"
    for name in ("torch", "transformers", "cv2", "av", "sklearn"):
        (forbidden / name).mkdir(parents=True)
        (forbidden / name / "__init__.py").write_text(f"raise RuntimeError('imported {name}')")
    outcome = snakemake(tmp_path, "-n", "--cores", "1", env={"PYTHONPATH": str(forbidden)})
    assert outcome.code == 0, outcome.text
    assert "fusion_train" in outcome.text


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda p: p.stem)
def test_yaml_1_1_and_1_2_read_presets_alike(path):
    text = path.read_text()
    assert yaml.safe_load(text) == YAML(typ="safe").load(text)


def test_help_of_every_noun_is_quick_and_imports_nothing_heavy():
    script = (
        "import sys; from click.testing import CliRunner\n"
        "from merflow.cli import cli, NOUNS, TOOLS\n"
        "for noun in [*NOUNS, *TOOLS]:\n"
        "    result = CliRunner().invoke(cli, [noun, '--help'])\n"
        "    assert result.exit_code == 0, (noun, result.output, result.exception)\n"
        "heavy = {'torch', 'transformers', 'cv2', 'pandas', 'sklearn', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
