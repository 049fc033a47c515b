"""Killed for good, or its finished work damaged: a training ends with the same bytes."""

import shutil
import subprocess
import sys

import pytest
import toy_corpus

DRIVER = """
import os, signal, sys
from merflow.cli import cli
from merflow.training.engine import checkpoint, stack

checkpoint.EVERY_S = 0.0
real, last = stack.Stack._train, int(sys.argv.pop(1))

def train(self, epoch):
    train.epochs += 1
    if train.epochs == last:
        os.kill(os.getpid(), signal.SIGKILL)
    print("trained an epoch", flush=True)
    return real(self, epoch)

train.epochs = 0
stack.Stack._train = train
cli()
"""


def drive(last, noun, *options):
    command = [sys.executable, "-c", DRIVER, str(last), noun, "train", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("noun", "make"), [("fusion", toy_corpus.system_spec), ("probes", toy_corpus.probe_spec)]
)
def test_sigkill_and_again_gives_the_same_bytes(run, tmp_path, noun, make):
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")
    training = {**toy_corpus.TRAINING, "epochs": 30, "seeds": [0, 1], "patience": 4}
    changes = {"strategy": 2, "decoder": "jdev", "loss": "paper"} if noun == "fusion" else {}
    spec = make(corpus, training=training, **changes)
    whole, out = tmp_path / "whole" / "run", tmp_path / "killed" / "run"
    assert run(noun, "train", *files.options(spec, whole)).exit_code == 0
    killed = drive(6, noun, *files.options(spec, out))
    assert killed.returncode == -9
    assert killed.stdout.count("trained an epoch") == 5
    assert len(list(tmp_path.rglob("unfinished/*.safetensors"))) == 1
    again = drive(-1, noun, *files.options(spec, out))
    assert again.returncode == 0, again.stderr
    epochs = max(
        int(line.split(":")[1].split()[0])
        for line in again.stdout.splitlines()
        if "epochs; kept by fold" in line
    )
    assert epochs > 6
    assert again.stdout.count("trained an epoch") == epochs - 5
    names = sorted(file.name for file in whole.iterdir() if file.is_file())
    assert len(names) >= 3
    for name in names:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    assert not list(tmp_path.rglob("unfinished/*"))


def test_a_finished_seed_that_is_damaged_is_trained_again(run, tmp_path):
    corpus = toy_corpus.ToyCorpus()
    files, out = corpus.write(tmp_path / "corpus"), tmp_path / "out"
    spec = toy_corpus.probe_spec(corpus)
    options = files.options(spec, out)
    assert run("probes", "train", *options).exit_code == 0
    wanted = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
    (some, *_) = sorted(out.glob("store/*/seed-0"))
    (some / "honest.parquet").write_bytes(b"")
    shutil.rmtree(sorted(out.glob("store/*/seed-0"))[1])
    result = run("probes", "train", *options)
    assert result.output.count("kept from before") == 1
    assert {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()} == wanted
