import ast
from pathlib import Path

import pytest

import merflow.encoders
from merflow.encoders.code import MODULES, modules_of, teaching_modules_of
from merflow.encoders.registry import KINDS
from merflow.storage.digest import package_files

FOLDER = Path(merflow.encoders.__file__).parent
# These name encoders, plan with them and say where they come from; a list of layers that changes
# stands in the recipe itself.
NAMES_ONLY = {"registry", "sources"}


def imported(module):
    """Return the modules of the package that a module imports, and those that they import."""
    found = set()
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("merflow.encoders."):
            name = node.module.split(".")[2]
            if name not in NAMES_ONLY:
                found |= {name} | imported(name)
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_an_encoders_list_is_all_that_it_imports_of_the_package_and_no_more(module):
    assert set(MODULES[module]) == {module} | imported(module)


def test_every_architecture_has_a_list_of_files_that_exist():
    for name, kind in KINDS.items():
        assert kind.module in MODULES
        assert len(package_files(*modules_of(name))) == len(MODULES[kind.module])


def test_editing_one_encoder_leaves_the_features_of_the_others():
    assert not set(modules_of("hog")) & set(modules_of("hubert")) - {"merflow.encoders.encoder"}
    assert "merflow.encoders.manet" not in modules_of("resnet50_ferplus")


def test_a_demo_encoder_depends_on_its_network_its_teaching_and_what_it_is_taught_with():
    listed = set(teaching_modules_of("manet"))
    assert set(modules_of("manet")) < listed
    assert {"merflow.encoders.demo", "merflow.corpus.demo", "merflow.faces"} < listed
