"""Damaged feature and face files: extraction mends its own, readers say what to do."""

import pytest

from merflow.errors import MerflowError
from merflow.features.inputs import Crops
from merflow.features.read import read_layers


def spoil(path, place=-5):
    """Flip a bit in place: every link of the file is damaged."""
    with path.open("r+b") as file:
        file.seek(place, 2)
        byte = file.read(1)[0]
        file.seek(place, 2)
        file.write(bytes([byte ^ 16]))


def test_a_shard_damaged_in_one_layer_is_computed_again_alone(corpus, stand, capsys):
    expected = [corpus.extract(stand(), "whole", shard=k, shards=2).read_bytes() for k in range(2)]
    paths = [corpus.extract(stand(), "spoilt", shard=k, shards=2) for k in range(2)]
    spoil(paths[1])
    damaged = next(p for p in (corpus.folder / "spoilt-store").iterdir() if p.samefile(paths[1]))
    capsys.readouterr()
    # Rows of both files are asked for, those of the sound one are kept.
    encoder = stand()
    corpus.extract(encoder, "both", store="spoilt-store")
    said = capsys.readouterr().out
    assert said.count("is damaged") == 1
    assert f"{damaged} is damaged: removed" in said
    spoilt = {row.sha256 for row in _rows(corpus, stand, paths[0])}
    assert len(encoder.seen) == len({corpus.sha256(clip) for clip in corpus.clips} - spoilt)
    for k, path in enumerate(paths):
        corpus.extract(stand(fails_after=0), "spoilt", shard=k, shards=2)
        assert path.read_bytes() == expected[k]


def _rows(corpus, stand, path):
    from merflow.features.file import FeatureFile

    return FeatureFile(path).rows


def test_a_reader_names_the_file_and_what_to_do(corpus, stand):
    path = corpus.extract(stand(), "one")
    spoil(path)
    with pytest.raises(MerflowError) as caught:
        read_layers([path])
    assert str(caught.value) == (
        f"the feature file {path} is damaged: run `merflow cache verify --remove`, then snakemake "
        "again"
    )


def test_damaged_crops_are_told_by_the_clip_that_meets_them(corpus, stand):
    crops = corpus.folder / "crops.safetensors"
    spoil(crops)
    with pytest.raises(MerflowError, match=r"the face file .* `merflow cache verify --remove"):
        corpus.extract(stand("visual"), "visual")
    crops.write_bytes(crops.read_bytes()[:99])
    with pytest.raises(MerflowError, match=r"the face file .* `merflow cache verify --remove"):
        Crops([crops])
