"""What is declared of the project agrees with itself: packages, versions, citation, hooks."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import merflow

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()


def declared(*groups):
    return {canonicalize_name(Requirement(text).name) for group in groups for text in group}


def imported():
    """Return the packages that the package imports, also inside functions."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"merflow"}


def test_every_import_is_a_declared_dependency():
    # praat-parselmouth does not tell which modules it brings; opensmile need not be installed.
    told = {"parselmouth": ["praat-parselmouth"], "opensmile": ["opensmile"]}
    given = {**told, **packages_distributions()}
    known = declared(PROJECT["dependencies"], EXTRAS["demo"], EXTRAS["egemaps"])
    for name in imported():
        assert {canonicalize_name(found) for found in given[name]} & known, name


def test_the_demo_s_gpl_package_is_an_extra():
    assert "praat-parselmouth" not in declared(PROJECT["dependencies"], EXTRAS["dev"])


def test_opensmile_with_its_licence_is_installed_by_those_who_ask_for_it():
    assert "opensmile" not in declared(PROJECT["dependencies"], EXTRAS["demo"], EXTRAS["dev"])
    assert not any(line.startswith("opensmile") for line in LOCK)


def test_lock_is_sorted_names_and_versions_alone():
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in LOCK)
    assert sorted(LOCK, key=str.upper) == LOCK
    names = [canonicalize_name(line.partition("==")[0]) for line in LOCK]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", [*PROJECT["dependencies"], *EXTRAS["demo"], *EXTRAS["dev"]])
def test_lock_has_a_fitting_version_of_every_dependency(text):
    wanted = Requirement(text)
    locked = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in LOCK}
    assert locked[canonicalize_name(wanted.name)] in wanted.specifier


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert PROJECT["version"] == merflow.__version__ == citation["version"]
    assert citation["license"] == PROJECT["license"]
    paper = citation["preferred-citation"]
    assert [entry["value"] for entry in paper["identifiers"]] == ["arXiv:2309.07925"]
    assert len(paper["authors"]) == 14


def test_hooks_run_the_linters_of_the_locked_environment():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    tools = set()
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
        tools.add(hook["entry"].split()[0].rpartition("/")[2])
    assert tools == {"ruff", "snakefmt", "mypy"}
    assert tools <= {line.partition("==")[0] for line in LOCK}
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2]
    assert all(f"$(BIN)/{tool}" in lint for tool in tools)
