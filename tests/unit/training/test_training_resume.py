"""Killed anywhere, a training goes on and ends with the same bits."""

import contextlib
import time

import numpy as np
import pytest
import torch
import toy_members as toy
from safetensors.torch import save_file

from merflow.training.engine.checkpoint import Checkpoint
from merflow.training.engine.models import Models
from merflow.training.engine.stack import Diverged

SETTINGS = toy.how(epochs=40, patience=2, learning_rate=0.1)


class KilledError(Exception):
    """Stands for a kill."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "unfinished" / "stack.safetensors"


def members(bad=False):
    """Return cross-validations of three layers and two seeds, made anew, which end one by one."""
    found = [
        toy.member(toy.source(data=data), seed, f"layer{data}")
        for data in (1, 2, 3)
        for seed in (0, 1)
    ]
    if bad:
        found.insert(2, toy.member(toy.source(change=toy.blowing), 0, "bad"))
    return found


@pytest.fixture(scope="module")
def whole():
    return toy.train(members(), SETTINGS)


def equal(found, wanted):
    return found.keys() == wanted.keys() and all(toy.same(found[k], wanted[k]) for k in wanted)


def part(own, path, epochs, settings=SETTINGS, build=None):
    """Train until some epochs are over, then abandon the stack; return what had ended."""
    run = toy.stack(own, settings, build, Checkpoint(path, every_s=0))
    found, train = {}, run._train
    left = iter(range(epochs))

    def counted(epoch):
        if next(left, None) is None:
            raise KilledError
        return train(epoch)

    run._train = counted
    with contextlib.suppress(KilledError):
        collect(run, found)
    return found


def collect(run, found):
    for one, result in run.run():
        found[one.name, one.seed] = result


def rest(own, path, done, settings=SETTINGS, build=None):
    """Go on in new objects with those that are not done; return them and how much was trained."""
    left = [one for one in own if (one.name, one.seed) not in done]
    run = toy.stack(left, settings, build, Checkpoint(path, every_s=0))
    trained, train = [], run._train
    run._train = lambda epoch: trained.append(len(run.models)) or train(epoch)
    return {(one.name, one.seed): result for one, result in run.run()}, trained


def longest(whole):
    return max(run.criterion.shape[1] for run in whole.values())


@pytest.mark.parametrize("epochs", range(1, 8, 2))
def test_abandoned_after_any_epoch_it_goes_on_from_there(whole, path, epochs):
    done = part(members(), path, epochs)
    assert epochs < longest(whole)
    assert path.exists()
    found, trained = rest(members(), path, done)
    assert len(trained) == longest(whole) - epochs
    assert equal(done | found, whole)
    assert list(path.parent.iterdir()) == []


def test_stopped_again_and_again(whole, path):
    done = {}
    for _ in range(longest(whole)):
        left = [one for one in members() if (one.name, one.seed) not in done]
        done |= part(left, path, 1)
    assert equal(done, whole)
    assert not path.exists()


@pytest.mark.parametrize("step", [1, 4, 5, 14])
def test_killed_in_the_middle_of_a_step(whole, path, monkeypatch, step):
    left, real = iter(range(step)), Models.step

    def killing(self, *arguments):
        found = real(self, *arguments)
        if next(left, None) is None:
            raise KilledError
        return found

    done = {}
    with monkeypatch.context() as patch:
        patch.setattr(Models, "step", killing)
        run = toy.stack(members(), SETTINGS, None, Checkpoint(path, every_s=0))
        with pytest.raises(KilledError):
            collect(run, done)
    found, _ = rest(members(), path, done)
    assert equal(done | found, whole)


def test_killed_between_keeping_a_member_and_the_checkpoint(whole, path):
    """The generator gives a member, it is kept, and then nothing more happens."""
    run, done = toy.stack(members(), SETTINGS, None, Checkpoint(path, every_s=0)).run(), {}
    for one, result in run:
        done[one.name, one.seed] = result
        run.close()
    assert len(done) == 1
    found, trained = rest(members(), path, done)
    assert len(trained) == longest(whole) - next(iter(done.values())).criterion.shape[1] + 1
    assert equal(done | found, whole)


@pytest.mark.parametrize("epochs", [2, 4])
def test_a_checkpoint_older_than_members_that_have_ended_since(whole, path, epochs):
    part(members(), path, epochs)
    old = path.read_bytes()
    done = part(members(), path, longest(whole) - 1 - epochs)
    assert len(done) > 2
    path.write_bytes(old)
    found, trained = rest(members(), path, done)
    assert len(trained) == longest(whole) - epochs
    assert max(trained) == 3 * (len(whole) - len(done))
    assert equal(done | found, whole)


@pytest.mark.parametrize("settings", [{"selection": "inner"}, {"precision": "bfloat16"}], ids=str)
def test_systems_with_losses_that_train_go_on_too(path, settings):
    settings = toy.how(epochs=6, **settings)
    build = toy.of_system(settings, strategy=3, decoder="jdev", loss="kendall")
    sources = [
        toy.source(settings.selection, dims=toy.FEATURES, sizes=(5, 8, 6), data=data, copies=1)
        for data in (1, 2)
    ]
    own = [toy.member(source, 3, f"data{n}") for n, source in enumerate(sources)]
    wanted = toy.train(own, settings, build)
    done = part(own, path, 4, settings, build)
    assert not done
    found, trained = rest(own, path, done, settings, build)
    assert trained == [6, 6]
    assert equal(found, wanted)


def test_who_has_diverged_does_not_cost_the_others_their_checkpoint(whole, path, overflowing):
    done = part(members(bad=True), path, 3)
    lost = done.pop(("bad", 0))
    assert isinstance(lost, Diverged)
    # Nothing is kept of a model that diverged: it is asked for again.
    found, trained = rest(members(bad=True), path, done)
    assert len(trained) == longest(whole) - 3
    assert repr(found.pop(("bad", 0))) == repr(lost)
    assert equal(done | found, whole)


def test_who_has_diverged_is_told_again_when_all_others_have_ended(whole, path, overflowing):
    done = part(members(bad=True), path, longest(whole) - 1)
    lost = done.pop(("bad", 0))
    old = path.read_bytes()
    found, _ = rest(members(bad=True), path, done)
    path.write_bytes(old)
    again, trained = rest(
        members(bad=True), path, {k: v for k, v in (done | found).items() if k != ("bad", 0)}
    )
    assert trained == []
    assert repr(again) == repr({("bad", 0): lost})
    assert not path.exists()


# Files that are no checkpoint of these members.


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def flip_header(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.", b"1.", 1))


def empty(path):
    path.write_bytes(b"")


def foreign(path):
    path.unlink()
    save_file({"a": torch.zeros(3)}, path)


def rubbish(path):
    path.write_bytes(np.random.default_rng(0).bytes(5000))


@pytest.mark.parametrize("harm", [cut, flip, flip_header, empty, foreign, rubbish])
def test_a_damaged_or_foreign_checkpoint_is_ignored(whole, path, harm):
    done = part(members(), path, 3)
    assert not done
    harm(path)
    found, trained = rest(members(), path, done)
    assert len(trained) == longest(whole)
    assert equal(found, whole)
    assert not path.exists()


def test_a_checkpoint_of_other_members_is_ignored(whole, path):
    part(members()[:3], path, 3)
    found, trained = rest(members(), path, {})
    assert len(trained) == longest(whole)
    assert equal(found, whole)


def test_what_a_kill_left_of_a_writing_is_removed(path):
    path.parent.mkdir()
    torn = path.with_name(f".{path.stem}.99999999{path.suffix}")
    other = path.with_name(f".other.99999999{path.suffix}")
    for file in (torn, other):
        file.write_bytes(b"half")
    rest(members()[:1], path, {}, toy.how(epochs=2))
    assert [file.name for file in path.parent.iterdir()] == [other.name]


def test_it_is_written_now_and_then(path, monkeypatch):
    now, written, real = [0.0], [], Checkpoint.write
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def write(self, stack):
        now[0] += 25.0
        before = path.stat().st_mtime_ns if path.exists() else None
        real(self, stack)
        after = path.stat().st_mtime_ns if path.exists() else None
        written.append(after != before)

    monkeypatch.setattr(Checkpoint, "write", write)
    run = toy.stack(members()[:1], toy.how(epochs=7), None, Checkpoint(path))
    list(run.run())
    assert written == [False, False, True, False, False, True, False]


def test_a_stack_without_a_checkpoint_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    toy.alone(members()[0], toy.how(epochs=2))
    assert list(tmp_path.iterdir()) == []
