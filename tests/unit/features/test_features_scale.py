"""A corpus of MER2023's size (3,373 training clips, 16 shards): nothing is computed twice."""

import hashlib

import numpy as np
import pytest

from merflow.encoders.encoder import Encoder
from merflow.features.extract import extract_shard
from merflow.features.inputs import Sounds
from merflow.features.read import read_layers
from merflow.features.samples import Sample
from merflow.storage.digest import file_sha256
from merflow.storage.shards import shard_of

CLIPS, SHARDS = 3373, 16


class Tiny(Encoder):
    """Two layers that follow from the clip's name; counts what it is given."""

    modality = "audio"
    digest = "d" * 64
    layers = ["0", "1"]  # noqa: RUF012 - never changed

    def __init__(self):
        self.given = 0

    def encode_prepared(self, prepared):
        self.given += len(prepared)
        return [{"0": sound[:3], "1": sound[3:5]} for sound in prepared]


class Drawn(Sounds):
    """Sounds that follow from the clip's content."""

    def load(self, sample):
        return np.frombuffer(bytes.fromhex(sample.sha256)[:20], np.uint8).astype(np.float32)


def sha256(clip):
    return hashlib.sha256(clip.encode()).hexdigest()


class Cache:
    """One store, and the shards of any number of corpora beside it."""

    def __init__(self, folder):
        self.folder = folder

    def extract(self, corpus, contents, shards=SHARDS, order=sorted):
        """Extract clips (name -> content); return how many were computed, and the shards."""
        samples = [[] for _ in range(shards)]
        for clip in order(contents):
            sample = Sample(clip, contents[clip], f"{clip}.mp4", 1.0)
            samples[shard_of(clip, shards)].append(sample)
        encoder, paths, counted = Tiny(), [], 0
        for shard in range(shards):
            path = self.folder / corpus / f"{shard}-of-{shards}.safetensors"
            spec, inputs = {"architecture": "hubert", "batch": 64}, Drawn(self.folder, None)
            counted += extract_shard(
                encoder, spec, samples[shard], inputs, self.folder / "store", path
            )
            paths.append(path)
        assert counted == encoder.given
        return counted, paths


def clips(first, last):
    return {f"sample_{n:08d}": sha256(f"sample_{n}") for n in range(first, last)}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache that holds all clips; tests add to it and never take away."""
    with pytest.MonkeyPatch.context() as patch:
        # The package's files may be edited while this test runs.
        patch.setattr("merflow.features.extract.code_digest", lambda *names: "c" * 64)
        made = Cache(tmp_path_factory.mktemp("scale"))
        assert made.extract("mer", clips(0, CLIPS))[0] == CLIPS
        yield made


def test_ten_more_clips_compute_ten_features(cache):
    count, paths = cache.extract("mer", clips(0, CLIPS + 10))
    assert count == 10
    assert len(read_layers(paths).clips) == CLIPS + 10
    fresh = Cache(cache.folder / "fresh")
    fresh.folder.mkdir()
    _, straight = fresh.extract("mer", clips(0, CLIPS + 10))
    # Byte for byte what a cache that began with all of them holds.
    assert list(map(file_sha256, paths)) == list(map(file_sha256, straight))


def test_fewer_clips_compute_nothing(cache):
    count, paths = cache.extract("fewer", clips(500, CLIPS))
    assert count == 0
    assert read_layers(paths).clips == sorted(clips(500, CLIPS))
    # Another csv has outputs of its own, so that those of the longer list are still there.
    assert cache.extract("mer", clips(0, CLIPS))[0] == 0


def test_rows_in_another_order_compute_nothing_and_change_no_byte(cache):
    paths = cache.extract("mer", clips(0, CLIPS))[1]
    before = list(map(file_sha256, paths))
    shuffled = np.random.default_rng(1).permutation
    count, paths = cache.extract("mer", clips(0, CLIPS), order=lambda c: shuffled(list(c)).tolist())
    assert count == 0
    assert list(map(file_sha256, paths)) == before


@pytest.mark.parametrize("shards", [1, 5])
def test_another_number_of_shards_computes_nothing(cache, shards):
    paths = cache.extract("mer", clips(0, CLIPS))[1]
    count, others = cache.extract("mer", clips(0, CLIPS), shards)
    assert count == 0
    one, other = read_layers(paths), read_layers(others)
    assert one.clips == other.clips
    assert all(np.array_equal(one.values[layer], other.values[layer]) for layer in one.values)


def test_a_corpus_that_shares_clips_under_other_names_computes_the_others_alone(cache):
    shared = {f"other_{n}": content for n, content in enumerate(clips(0, 800).values())}
    own = {f"own_{n}": sha256(f"own {n}") for n in range(60)}
    count, paths = cache.extract("second", shared | own, shards=4)
    assert count == len(own)
    assert len(read_layers(paths).clips) == len(shared) + len(own)
