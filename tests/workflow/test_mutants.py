"""The graph lists a corpus of mutated files: strange names, links, pipes, broken media."""

import csv

import pytest
from graph import small_settings, snakemake, write_settings
from mutants.corpus import draw_scene, make_corpus
from outside import changed, empty_places, found_in, tree_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Folder of the corpus and its mutants."""
    folder = tmp_path_factory.mktemp("mutants") / "corpus"
    return folder, make_corpus(draw_scene(tmp_path_factory.mktemp("scene")), folder)


def settings_for(folder):
    """Settings that check the clips of a folder."""
    settings = small_settings()
    settings["corpus"] |= {
        "name": "mine",
        "adapter": "table",
        "root": str(folder / "root"),
        "csv": str(folder / "labels.csv"),
        "valence": False,
        "com": False,
        "tests": [],
    }
    del settings["corpus"]["demo"]
    settings["noise"] |= {"source": "folder", "root": None}
    settings["report"]["rows"] = [settings["report"]["rows"][0] | {"name": "Train"}]
    settings["report"] |= {"submission": None, "robustness": None}
    settings["ensemble"]["systems"] = []
    settings["fusion"]["systems"] = [
        system | {"augmentation": ["clean"]} for system in settings["fusion"]["systems"][:1]
    ]
    return settings


def clips_in(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [row["clip"] for row in csv.DictReader(file)]


def test_the_graph_parts_usable_from_unusable_and_touches_no_clip(corpus, tmp_path):
    folder, mutants = corpus
    run, places = tmp_path / "run", empty_places(tmp_path / "outside")
    write_settings(run, settings_for(folder))
    before = tree_of(folder)
    last = ["--cores", "2", "--until", "corpus_manifest"]
    outcome = snakemake(run, *last, env=places)
    assert outcome.code == 0, outcome.text[-6000:]
    assert outcome.jobs == {"corpus_check": 1, "corpus_manifest": 1}
    listed = clips_in(next(run.glob("results/corpus/*/manifest.csv")))
    listed += clips_in(next(run.glob("results/corpus/*/quarantine.csv")))
    assert sorted(listed) == sorted(mutants)
    assert not changed(before, tree_of(folder))
    assert not [path for path in found_in(places) if "/snakemake/" not in path]
    assert snakemake(run, *last).jobs == {}
