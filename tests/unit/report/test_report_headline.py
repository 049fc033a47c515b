"""``metrics.json``: one short path and one number for each cell of Table 1."""

import json

import pytest

from merflow.errors import MerflowError
from merflow.report.outputs import write_json
from merflow.report.scores_file import read_scores

SPLITS = {
    "Train&Val": ("clean", "train"),
    "MER-MULTI": ("clean", "test1"),
    "MER-NOISE": ("noise", "test2"),
}


def leaves(value, path=()):
    if not isinstance(value, dict):
        return {path: value}
    return {
        key: leaf for name, own in value.items() for key, leaf in leaves(own, (*path, name)).items()
    }


@pytest.fixture(scope="module")
def found(scored):
    report, document = scored
    return json.loads((report.corpus.folder / "metrics.json").read_text()), document, report


def test_every_path_is_corpus_reading_row_system_metric(found):
    headline, document, _ = found
    told = leaves(headline)
    assert len(told) == 2 * 3 * 6 * 3
    for (corpus, reading, row, system, metric), value in told.items():
        augmentation, split = SPLITS[row]
        assert corpus == "made-up"
        assert value == document["systems"][system][augmentation][reading][split][metric]
        assert isinstance(value, float)
    assert ("made-up", "honest", "MER-MULTI", "fused-jdev (equal weights)", "com") in told


def test_a_system_stands_on_one_line(found):
    _, _, report = found
    lines = (report.corpus.folder / "metrics.json").read_text().splitlines()
    assert len([line for line in lines if '"com"' in line]) == 2 * 3 * 6
    assert max(map(len, lines)) < 120


def test_the_headline_is_small_beside_the_scores(found):
    folder = found[2].corpus.folder
    sizes = [(folder / name).stat().st_size for name in ("metrics.json", "scores.json")]
    assert 10 * sizes[0] < sizes[1]


def test_a_row_that_nothing_was_trained_for_is_left_out(corpus, report):
    report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)})
    told = json.loads((corpus.folder / "metrics.json").read_text())
    assert {row for _, _, row, _, _ in leaves(told)} == {"Train&Val", "MER-MULTI"}


def test_without_valence_the_headline_has_weighted_f1_alone(make_report):
    report = make_report(valence=False)
    report.metrics({"s|clean|honest": report.corpus.predictions("s", 1.0)})
    told = json.loads((report.corpus.folder / "metrics.json").read_text())
    assert {path[-1] for path in leaves(told)} == {"weighted_f1"}


def test_scores_of_another_corpus_are_refused(found):
    path = found[2].corpus.folder / "scores.json"
    with pytest.raises(MerflowError, match=r"scores\.json does not hold the scores of .*other"):
        read_scores(path, "other")
    path = path.with_name("broken.json")
    path.write_text("{")
    with pytest.raises(MerflowError, match="no JSON"):
        read_scores(path, "made-up")


def test_json_is_sorted_and_says_the_same_however_it_is_broken_into_lines(tmp_path):
    document = {
        "b": {"z": [1.5, 2], "a": None, "a b": 1},
        "a": {"deep": {"deeper": {"x": 1}, "empty": {}}, "long": {f"k{k}": k for k in range(40)}},
        "c": ["x", {"y": 1}],
    }
    write_json(document, tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text) == document
    assert list(leaves(json.loads(text))) == sorted(leaves(document))
    assert ' "b": {"a": null, "a b": 1, "z": [1.5, 2]},\n' in text
    assert '  "k1": 1,\n' in text
    assert text.endswith("\n}\n")


def test_a_number_that_is_none_is_no_json(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json({"a": {"b": float("nan")}}, tmp_path / "x.json")
