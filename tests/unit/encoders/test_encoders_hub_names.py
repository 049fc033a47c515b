"""How a model of the hub is named, and what is told of one that is not there."""

from pathlib import Path
from typing import Any

import pytest

from merflow.encoders.sources import hub_model, unusable_revision, weights_path
from merflow.encoders.stock.fetch import fetch
from merflow.errors import MerflowError
from merflow.settings.files import check_files

HL = {"architecture": "hubert", "layers": 3, "weights": "somebody/hubert@main", "sha256": None}


def test_a_revision_with_a_slash_is_told(tmp_path: Path) -> None:
    weights = "facebook/hubert-large-ll60k@refs/pr/1"
    with pytest.raises(MerflowError, match=r"revision with / cannot be used: .* 40 digits"):
        fetch("HL", {**HL, "weights": weights}, tmp_path / weights_path(weights))
    for other in ("facebook/hubert-large-ll60k@main", "a/b/c@d/e", "data/weights", "demo"):
        assert unusable_revision(other) is None
    assert hub_model(weights) is None


def test_a_model_of_the_hub_that_is_not_there_is_named_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = {**HL, "architecture": "hubert"}
    config: dict[str, Any] = {
        "corpus": {"adapter": "demo"},
        "noise": {"source": "demo"},
        "faces": {"backend": "demo"},
        "features": {"encoders": {"HL": spec}},
    }
    with pytest.raises(MerflowError) as told:
        check_files(config)
    assert f"weights is '{spec['weights']}'" in str(told.value)
    assert str(tmp_path / weights_path(str(spec["weights"]))) in str(told.value)
    assert "merflow encoders fetch" in str(told.value)
    spec["weights"] = "facebook/hubert-large-ll60k@refs/pr/1"
    with pytest.raises(MerflowError, match="revision with / cannot be used"):
        check_files(config)
