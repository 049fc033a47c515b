import hashlib

import numpy as np
import pytest
import soundfile

from merflow.errors import MerflowError
from merflow.features.extract import recipe_of
from merflow.features.inputs import Crops
from merflow.features.read import read_layers
from merflow.features.samples import samples_of_shard
from merflow.noise.manifest import read_noise


@pytest.mark.parametrize("modality", ["audio", "visual"])
@pytest.mark.parametrize("noise", [False, True])
def test_rows_are_those_of_the_condition(corpus, stand, shard_rows, modality, noise):
    path = corpus.extract(stand(modality), "one", noise=noise)
    clips = [clip for clip in corpus.clips if not (noise and clip.endswith("t"))]
    if modality == "visual":
        clips.remove(corpus.faceless)
    copies = (1, 2) if noise else (0,)
    rows = shard_rows(path)
    assert [(row["clip"], row["copy"]) for row in rows] == [(c, n) for c in clips for n in copies]
    assert all(row["sha256"] == corpus.sha256(row["clip"]) for row in rows)
    assert all(row["frames"] > 0 for row in rows)


@pytest.mark.parametrize("modality", ["audio", "visual"])
@pytest.mark.parametrize("noise", [False, True])
def test_shards_and_batch_change_nothing(corpus, stand, tables_agree, modality, noise):
    whole = read_layers([corpus.extract(stand(modality), "one", noise=noise)])
    parts = [
        corpus.extract(stand(modality), "three", noise=noise, shard=k, shards=3, batch=k + 1)
        for k in range(3)
    ]
    assert tables_agree(whole, read_layers(parts[::-1]))
    assert sum(len(read_layers([part]).clips) > 0 for part in parts) > 1


def test_an_empty_shard_is_written_and_read(corpus, stand, tables_agree):
    shards = 60
    full = [len(samples_of_shard(corpus.manifest, None, k, shards)) for k in range(shards)]
    empty, filled = full.index(0), full.index(1)
    paths = [corpus.extract(stand(), "many", shard=k, shards=shards) for k in (empty, filled)]
    nothing = read_layers(paths[:1])
    assert nothing.clips == []
    assert all(matrix.shape[0] == 0 for matrix in nothing.values.values())
    assert tables_agree(read_layers(paths), read_layers(paths[1:]))


@pytest.mark.parametrize("noise", [False, True])
def test_after_a_kill_only_the_rest_is_computed_and_the_bytes_are_equal(corpus, stand, noise):
    expected = corpus.extract(stand(), "whole", noise=noise, batch=2).read_bytes()
    killed = stand(fails_after=5)
    with pytest.raises(KeyboardInterrupt):
        corpus.extract(killed, "killed", noise=noise, batch=2)
    again = stand()
    path = corpus.extract(again, "killed", noise=noise, batch=2)
    assert path.read_bytes() == expected
    assert not set(killed.seen[:4]) & set(again.seen)
    rest = stand()
    path.unlink()
    assert corpus.extract(rest, "killed", noise=noise, batch=2).read_bytes() == expected
    assert rest.seen == []


def test_copies_of_one_clip_do_not_overwrite_each_others_parts(corpus, stand):
    expected = corpus.extract(stand(), "whole", noise=True).read_bytes()
    assert corpus.extract(stand(), "single", noise=True, batch=1).read_bytes() == expected


def test_equal_contents_are_computed_once_and_get_a_row_each(corpus, stand):
    encoder = stand()
    table = read_layers([corpus.extract(encoder, "one")])
    assert len(encoder.seen) == len(corpus.clips) - 1
    one, other = (table.clips.index(clip) for clip in corpus.twins)
    np.testing.assert_array_equal(table.values["10"][one], table.values["10"][other])


def test_a_larger_corpus_computes_only_what_is_new(corpus, stand, tables_agree):
    corpus.write_manifest(corpus.clips[:6])
    corpus.extract(stand(), "first", store="store")
    corpus.write_manifest(corpus.clips)
    encoder = stand()
    grown = corpus.extract(encoder, "second", store="store")
    assert len(encoder.seen) == len(corpus.clips) - 6
    assert tables_agree(read_layers([grown]), read_layers([corpus.extract(stand(), "anew")]))


def test_a_renamed_clip_is_not_computed_again(corpus, stand):
    corpus.extract(stand(), "first", store="store")
    raw = corpus.folder / "raw"
    (raw / "clip00.wav").rename(raw / "renamed.wav")
    corpus.write_manifest(["renamed", *corpus.clips[1:]])
    encoder = stand()
    assert "renamed" in read_layers([corpus.extract(encoder, "second", store="store")]).clips
    assert encoder.seen == []


def test_each_modality_is_corrupted_by_its_own_part_of_the_draw(corpus):
    sample = samples_of_shard(corpus.manifest, corpus.noise, 0, 1)[0]
    louder = type(sample)(**{**vars(sample), "noise": _changed(sample.noise, snr_db=99)})
    darker = type(sample)(**{**vars(sample), "noise": _changed(sample.noise, magnitude=1.5)})
    assert sample.key("audio") == darker.key("audio") != louder.key("audio")
    assert sample.key("visual") == louder.key("visual") != darker.key("visual")


def _changed(row, **values):
    return type(row)(**{**vars(row), **values})


def test_a_noisy_sound_is_the_corrupted_clip(corpus, stand):
    from merflow.media.sound import read_sound
    from merflow.noise.sound import corrupt_sound

    encoder = stand()
    corpus.extract(encoder, "noisy", noise=True)
    expected = {
        hashlib.sha256(
            corrupt_sound(
                read_sound(corpus.folder / "raw" / f"{row.clip}.wav"),
                row,
                corpus.folder / "recordings",
            ).tobytes()
        ).hexdigest()
        for row in read_noise(corpus.noise)
    }
    assert set(encoder.seen) == expected


def test_a_clip_is_decoded_once_for_all_its_copies(corpus, stand, monkeypatch):
    from merflow.features import inputs

    decoded = []
    original = inputs.read_sound
    monkeypatch.setattr(inputs, "read_sound", lambda path: decoded.append(path) or original(path))
    corpus.extract(stand(), "noisy", noise=True, batch=3)
    assert len(decoded) == len(set(decoded)) == len({corpus.sha256(c) for c in corpus.clips[:9]})


@pytest.mark.parametrize("workers", [0, 4])
def test_the_recordings_of_a_job_are_looked_at_together_and_only_if_it_needs_them(
    corpus, stand, monkeypatch, workers
):
    from merflow.storage import known

    for index in range(6):
        sound = np.random.default_rng(index).uniform(-0.3, 0.3, 8000)
        soundfile.write(corpus.folder / "recordings" / f"{index}.wav", sound, 16000)
    corpus.write_manifest(corpus.clips)
    needed = sorted({row.noise_file for row in read_noise(corpus.noise)})
    looks, writes = [], []
    look, write = known.file_sha256, known.write_text
    monkeypatch.setattr(known, "SETTLED_NS", -1)
    monkeypatch.setattr(known, "file_sha256", lambda path: looks.append(path.name) or look(path))
    monkeypatch.setattr(known, "write_text", lambda *given: writes.append(1) or write(*given))
    corpus.extract(stand(), "a", noise=True, workers=workers, known=corpus.folder / "known.json")
    assert (sorted(looks), len(writes)) == (needed, 1)
    corpus.extract(stand(), "b", noise=True, workers=workers, store="a-store")
    assert (sorted(looks), len(needed) > 2) == (needed, True)


def test_changed_settings_weights_or_crops_are_computed_anew(corpus, stand):
    corpus.extract(stand("visual"), "a", store="store")
    changes = [({"forward_order": 2023}, "d" * 64), ({}, "e" * 64)]
    for index, (spec, digest) in enumerate(changes):
        encoder = stand("visual", digest=digest)
        corpus.extract(encoder, f"b{index}", store="store", **spec)
        assert encoder.seen
    corpus.write_crops(recipe="faces-2")
    encoder = stand("visual")
    corpus.extract(encoder, "c", store="store")
    assert encoder.seen
    encoder = stand("visual")
    corpus.extract(encoder, "d", store="store", device="cuda", batch=1, weights="elsewhere")
    assert encoder.seen == []


def test_the_recipe_does_not_depend_on_where_and_how_it_runs(stand):
    spec = {"architecture": "hubert", "layers": 24}
    same = spec | {"batch": 3, "device": "cuda", "weights": "/x", "sha256": None}
    here = recipe_of(spec, stand(), None, False)
    assert here == recipe_of(same, stand(), None, False)
    others = [
        recipe_of(spec | {"layers": 12}, stand(), None, False),
        recipe_of(spec, stand(digest="e" * 64), None, False),
        recipe_of(spec, stand(layers=["0", "1"]), None, False),
        recipe_of(spec, stand(), "faces", False),
        recipe_of(spec, stand(), None, True),
    ]
    assert len({here, *others}) == 6


def test_a_default_that_is_written_out_is_the_same_recipe(stand):
    spec = {"architecture": "manet"}
    bare = recipe_of(spec, stand(), None, False)
    others = set()
    for key, (usual, other) in {
        "statistics": ("mean", "mean_std"),
        "precision": ("float32", "bfloat16"),
        "forward_order": (2021, 2023),
    }.items():
        assert recipe_of(spec | {key: usual}, stand(), None, False) == bare
        others.add(recipe_of(spec | {key: other}, stand(), None, False))
    assert len(others - {bare}) == 3


def test_a_changed_missing_or_outside_clip_is_named(corpus, stand):
    raw = corpus.folder / "raw"
    soundfile.write(raw / "clip02.wav", np.zeros(500), 16000)
    with pytest.raises(MerflowError, match=r"clip02: .* changed since it was listed"):
        corpus.extract(stand(), "changed")
    (raw / "clip02.wav").unlink()
    with pytest.raises(MerflowError, match="clip02: there is no file"):
        corpus.extract(stand(), "changed")
    (raw / "clip02.wav").symlink_to(corpus.folder / "recordings" / "a.wav")
    with pytest.raises(MerflowError, match=r"clip02: .* leads out of"):
        corpus.extract(stand(), "changed")


def test_changed_noise_is_named(corpus, stand):
    soundfile.write(corpus.folder / "recordings" / "a.wav", np.ones(8000) * 0.1, 16000)
    with pytest.raises(MerflowError, match=r"a\.wav .* changed since it was drawn"):
        corpus.extract(stand(), "noisy", noise=True)


def test_a_noise_manifest_of_another_corpus_is_refused(corpus, stand):
    before = corpus.noise.read_text()
    corpus.write_manifest(corpus.clips[:5])
    corpus.noise.write_text(before)
    with pytest.raises(MerflowError, match="not about the clips"):
        corpus.extract(stand(), "noisy", noise=True)


def test_face_files_of_different_settings_are_refused(corpus):
    first = corpus.folder / "crops.safetensors"
    other = corpus.folder / "other.safetensors"
    other.write_bytes(first.read_bytes())
    corpus.write_crops(recipe="faces-2")
    with pytest.raises(MerflowError, match="run the faces step again"):
        Crops([first, other])
