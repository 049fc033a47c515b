"""Reading ahead: the same order and errors as without, two batches held, nothing left running."""

import threading

import pytest

from merflow.errors import MerflowError
from merflow.features.ahead import Ahead

BATCHES = [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"], ["j"]]
WORKERS = pytest.mark.parametrize("workers", [0, 1, 4])


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.fixture(autouse=True)
def _nothing_is_left_running():
    yield
    assert readers() == []


@WORKERS
def test_inputs_come_in_the_order_asked_for(workers):
    ahead = Ahead(str.upper, workers)
    ahead.plan(BATCHES)
    assert [ahead.take(keys) for keys in BATCHES] == [[k.upper() for k in b] for b in BATCHES]
    ahead.close()


@WORKERS
def test_what_was_not_planned_is_read_when_it_is_asked_for(workers):
    ahead = Ahead(str.upper, workers)
    assert ahead.take(["x"]) == ["X"]
    ahead.plan([["a"]])
    assert ahead.take(["a", "y"]) == ["A", "Y"]
    ahead.plan([["b"], ["c"]])
    assert ahead.take(["b"]) + ahead.take(["c"]) == ["B", "C"]
    ahead.close()


@WORKERS
def test_each_input_is_read_once(workers):
    read = []
    ahead = Ahead(lambda key: read.append(key) or key, workers)
    ahead.plan(BATCHES)
    for keys in BATCHES:
        ahead.take(keys)
    ahead.close()
    assert sorted(read) == sorted(key for keys in BATCHES for key in keys)


@pytest.mark.parametrize("workers", [1, 4])
def test_the_batch_after_the_one_taken_is_read_meanwhile_and_no_other(workers):
    begun, read = [], {key: threading.Event() for keys in BATCHES for key in keys}

    def load(key):
        begun.append(key)
        read[key].set()
        return key

    ahead = Ahead(load, workers)
    ahead.plan(BATCHES)
    for number, keys in enumerate(BATCHES):
        ahead.take(keys)
        # The caller works on this batch now.
        for key in [key for batch in BATCHES[: number + 2] for key in batch]:
            assert read[key].wait(60)
        assert len(begun) == sum(map(len, BATCHES[: number + 2]))
    ahead.close()


@WORKERS
def test_an_error_comes_with_its_own_batch(workers):
    def load(key):
        if key == "e":
            raise MerflowError("clip e is damaged")
        return key

    ahead = Ahead(load, workers)
    ahead.plan(BATCHES)
    assert ahead.take(BATCHES[0]) == BATCHES[0]
    with pytest.raises(MerflowError, match="clip e is damaged"):
        ahead.take(BATCHES[1])
    ahead.close()


def test_closing_drops_what_has_not_begun():
    begun, go_on = [], threading.Event()

    def load(key):
        begun.append(key)
        go_on.wait(60)

    ahead = Ahead(load, 1)
    ahead.plan(BATCHES)
    threading.Timer(0.05, go_on.set).start()
    ahead.close()
    assert len(begun) <= 1


@pytest.mark.parametrize("modality", ["audio", "visual"])
@pytest.mark.parametrize("noise", [False, True])
def test_workers_change_no_byte_of_a_shard(corpus, stand, modality, noise):
    files = {
        corpus.extract(
            stand(modality), f"w{workers}", noise=noise, workers=workers, batch=3
        ).read_bytes()
        for workers in (0, 1, 4)
    }
    assert len(files) == 1


@pytest.mark.parametrize("workers", [1, 4])
def test_a_kill_from_the_keyboard_leaves_no_reader(corpus, stand, workers):
    with pytest.raises(KeyboardInterrupt):
        corpus.extract(stand(fails_after=4), "killed", workers=workers, batch=2)
    assert readers() == []


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_a_clip_that_cannot_be_read_is_named_and_what_came_before_it_is_kept(
    corpus, stand, workers
):
    last = max(corpus.clips, key=lambda clip: (corpus.sha256(clip), clip))
    path = corpus.folder / "raw" / f"{last}.wav"
    content = path.read_bytes()
    corpus.write_manifest(corpus.clips)
    path.write_bytes(b"no sound")
    encoder = stand()
    with pytest.raises(MerflowError, match=last):
        corpus.extract(encoder, "one", workers=workers, batch=1)
    assert readers() == []
    path.write_bytes(content)
    rest = stand()
    corpus.extract(rest, "one", workers=workers, batch=1)
    assert len(rest.seen) == 1
    assert len(encoder.seen) + len(rest.seen) == len({corpus.sha256(c) for c in corpus.clips})
