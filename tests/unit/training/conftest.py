"""What tests share of trainings that go wrong: by bad input, or by features that overflow."""

import numpy as np
import pytest
import toy_corpus

from merflow.errors import MerflowError


@pytest.fixture
def train(run, tmp_path):
    """Return a function that writes a corpus as ``change`` leaves it, and trains on it.

    ``edit`` may alter its files afterwards. It returns the run folder, or the sentence of the
    error.
    """

    def call(noun, corpus=None, change=None, edit=None, noise=False, shards=2, **changes):
        corpus = corpus or toy_corpus.ToyCorpus()
        if change:
            change(corpus)
        files = corpus.write(tmp_path / "corpus", shards)
        if edit:
            edit(files)
        make = toy_corpus.system_spec if noun == "fusion" else toy_corpus.probe_spec
        spec = make(corpus, **changes)
        if noise:
            spec["augmentation"] = "noise"
        out = tmp_path / "out"
        result = call.result = run(noun, "train", *files.options(spec, out, noise))
        if result.exit_code == 0:
            return out
        assert isinstance(result.exception, MerflowError), result.output
        told = str(result.exception)
        assert "\n" not in told
        assert not list(tmp_path.glob("**/predictions-*"))
        return told

    return call


@pytest.fixture
def overflowing(monkeypatch):
    """Let features through that are finite but overflow, so that a model blows up by them."""
    monkeypatch.setattr("merflow.training.data.LARGEST", np.finfo(np.float32).max)
