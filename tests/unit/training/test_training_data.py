import numpy as np
import pandas as pd
import pytest
import torch

from merflow.errors import MerflowError
from merflow.training.data import Rows, join
from merflow.training.engine.tables import Source, Tables
from merflow.training.engine.watch import kept_rows
from merflow.training.labels import read_labels
from merflow.training.order import epoch_order, order_draws
from merflow.training.partition import partition_of, standardiser_of


def applied(standardiser, values):
    return (values - standardiser.mean) / standardiser.std


def rows_of(corpus, pairs, noise=False):
    """Return the toy corpus's tables as rows."""
    found = {}
    for encoder, layer in pairs:
        name = f"{encoder}({layer})"
        if noise:
            clips = np.repeat(corpus.clips[: corpus.train], corpus.copies)
            copies = np.tile(np.arange(corpus.copies) + 1, corpus.train)
            values = corpus.noisy[encoder, layer].reshape(len(clips), -1)
            found[name] = Rows(list(clips), copies, values)
        else:
            keep = [i for i, clip in enumerate(corpus.clips) if corpus.has(encoder, clip)]
            clips = [corpus.clips[i] for i in keep]
            found[name] = Rows(clips, np.zeros(len(keep), int), corpus.values[encoder, layer][keep])
    return found


PAIRS = [("HL", "18"), ("RF", "pooling")]


def labels_of(corpus, toy, folder, **changes):
    files = corpus.write(folder, shuffle=changes.pop("shuffle", None))
    settings = {"classes": toy.CLASSES, "valence": True, "tests": ["test1"]} | changes
    return read_labels(files.manifest, files.folds, fold_count=corpus.folds, **settings)


def data_of(corpus, toy, folder):
    labels = labels_of(corpus, toy, folder)
    return join(labels, rows_of(corpus, PAIRS), rows_of(corpus, PAIRS, noise=True))


def tables_of(*data, selection="folds"):
    """Return sources and the tables of all of them."""
    sources = [Source(one, selection) for one in data]
    return sources, Tables(sources, torch.device("cpu"), "float32")


def standardised(tables, source, fold, rows):
    """Return rows of a source as a model reads them, all features side by side."""
    places = torch.from_numpy(tables.place(source, fold, rows))[None]
    return torch.cat(tables.gather(places), dim=-1)[0].numpy()


def raw_rows(corpus, rows):
    """Return what the corpus says of (clip, copy) of both features, side by side."""
    found = []
    for clip, copy in rows:
        index = corpus.clips.index(clip)
        table = [corpus.noisy[pair][index, copy - 1] for pair in PAIRS] if copy else None
        found.append(np.concatenate(table or [corpus.values[pair][index] for pair in PAIRS]))
    return np.array(found)


@pytest.mark.parametrize("selection", ["folds", "inner"])
def test_copies_train_only_while_their_clip_does(toy, tmp_path, selection):
    corpus = toy.ToyCorpus(copies=3, faceless=("clip004",))
    data = data_of(corpus, toy, tmp_path)
    (source,), tables = tables_of(data, selection=selection)
    for fold, partition in enumerate(source.partitions):
        held_out = {data.labels.clips[row] for row in partition.held_out}
        inner = {data.labels.clips[row] for row in partition.inner}
        tests = {data.labels.clips[row] for row in partition.tests}
        rows = [source.rows[row] for row in partition.training]
        trained = {clip for clip, _ in rows}
        assert held_out == {c for c, f in corpus.fold.items() if f == fold} - {"clip004"}
        assert tests == set(corpus.clips[corpus.train :])
        within = {c for c, f in corpus.fold.items() if f == (fold + 1) % corpus.folds}
        assert inner == (within - {"clip004"} if selection == "inner" else set())
        assert trained == set(corpus.fold) - {"clip004"} - held_out - inner
        assert len(set(rows)) == len(partition.training) == len(trained) * 4
        places = tables.place(source, fold, partition.training)
        of_clip = [corpus.clips.index(clip) for clip, _ in rows]
        assert np.array_equal(tables.emotion[places].numpy(), corpus.emotion[of_clip])
        assert np.array_equal(
            tables.valence[places].numpy(), corpus.valence[of_clip].astype(np.float32)
        )
        expected = applied(partition.standardiser, raw_rows(corpus, rows))
        assert np.array_equal(standardised(tables, source, fold, partition.training), expected)


def test_sources_stand_below_each_other_each_with_its_own_folds(toy, tmp_path):
    """Rows of one source are never those of another, whatever both are called."""
    small = data_of(toy.ToyCorpus(copies=2), toy, tmp_path / "a")
    other = data_of(toy.ToyCorpus(train=30, seed=4), toy, tmp_path / "b")
    both, tables = tables_of(small, other)
    for source in both:
        (alone,), own = tables_of(source.data)
        for fold, partition in enumerate(source.partitions):
            rows = np.concatenate([partition.training, kept_rows(partition)])
            together = standardised(tables, source, fold, rows)
            assert np.array_equal(together, standardised(own, alone, fold, rows))
            labels = [
                t.emotion[t.place(s, fold, rows)] for t, s in ((tables, source), (own, alone))
            ]
            assert torch.equal(*labels)


def test_two_folds_have_no_inner_one(toy, tmp_path):
    data = data_of(toy.ToyCorpus(folds=2), toy, tmp_path)
    assert len(partition_of(data, 0).held_out)
    with pytest.raises(MerflowError, match="needs 3 folds or more, but there are 2"):
        partition_of(data, 0, "inner")


def test_standardisation_is_that_of_the_clean_training_part(toy, tmp_path):
    corpus = toy.ToyCorpus()
    data = data_of(corpus, toy, tmp_path)
    for fold in range(corpus.folds):
        standardiser = partition_of(data, fold).standardiser
        trains = [i for i in range(corpus.train) if corpus.fold[corpus.clips[i]] != fold]
        values = corpus.values["HL", "18"][trains].astype(np.float64)
        assert standardiser.mean[:6] == pytest.approx(values.mean(0), rel=1e-6)
        assert standardiser.std[:6] == pytest.approx(values.std(0), rel=1e-6)


def test_a_constant_feature_is_divided_by_one():
    values = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    values[:, 1], values[:, 2] = 0.1, 0.0
    values[:, 3] = np.nextafter(np.float32(1000.0), np.float32(np.arange(9) % 2 * 2000))
    standardiser = standardiser_of(values)
    assert standardiser.std[1:].tolist() == [1.0, 1.0, 1.0]
    assert np.array_equal(applied(standardiser, values)[:, 1:3], np.zeros((9, 2)))
    assert applied(standardiser, values)[:, 0].std() == pytest.approx(1.0, abs=1e-6)


def test_small_features_are_not_taken_for_constant():
    values = np.random.default_rng(0).standard_normal((9, 1)).astype(np.float32) * 1e-20
    assert applied(standardiser_of(values), values).std() == pytest.approx(1.0, abs=1e-5)


def test_a_faceless_training_clip_is_dropped_and_a_test_clip_imputed(toy, tmp_path):
    corpus = toy.ToyCorpus(faceless=("clip004", "clip026"))
    data = data_of(corpus, toy, tmp_path)
    assert data.dropped == ("clip004",)
    assert "clip004" not in data.labels.clips
    (source,), tables = tables_of(data)
    for fold, partition in enumerate(source.partitions):
        assert data.labels.clips[partition.tests[2]] == "clip026"
        row = len(partition.held_out) + 2
        evaluated = standardised(tables, source, fold, kept_rows(partition))
        assert np.array_equal(evaluated[row, 6:], np.zeros(4))
        assert (evaluated[row, :6] != 0).all()
        assert (np.delete(evaluated, row, axis=0) != 0).all()
    notes = "\n".join(data.notes())
    assert "left out, 1 training clips without a face or without a feature: clip004" in notes
    assert "imputed with the training mean, RF(pooling) of 1 test clips: clip026" in notes


def test_the_order_of_rows_does_not_matter(toy, tmp_path):
    corpus = toy.ToyCorpus(copies=2)
    plain = data_of(corpus, toy, tmp_path / "a")
    labels = labels_of(corpus, toy, tmp_path / "b", shuffle=3)
    rng = np.random.default_rng(0)

    def shuffled(rows):
        order = rng.permutation(len(rows.clips))
        return Rows([rows.clips[i] for i in order], rows.copies[order], rows.values[order])

    clean = {name: shuffled(rows) for name, rows in rows_of(corpus, PAIRS).items()}
    noise = {name: shuffled(rows) for name, rows in rows_of(corpus, PAIRS, noise=True).items()}
    other = join(labels, clean, noise)
    assert other.labels.clips == plain.labels.clips
    for name in ("clean", "copies", "copy_of", "copy_number", "present"):
        assert np.array_equal(getattr(plain, name), getattr(other, name))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("noise", [False, True])
def test_a_feature_that_is_not_finite_is_named(toy, tmp_path, bad, noise):
    corpus = toy.ToyCorpus()
    (corpus.noisy if noise else corpus.values)["RF", "pooling"].reshape(-1, 4)[7, 2] = bad
    with pytest.raises(MerflowError, match=r"feature RF\(pooling\) of the clip 'clip007'"):
        data_of(corpus, toy, tmp_path)


def test_rows_of_the_wrong_condition_are_refused(toy, tmp_path):
    corpus = toy.ToyCorpus()
    labels = labels_of(corpus, toy, tmp_path)
    clean, noise = rows_of(corpus, PAIRS), rows_of(corpus, PAIRS, noise=True)
    with pytest.raises(MerflowError, match=r"clean originals of HL\(18\) hold copy 1"):
        join(labels, noise)
    with pytest.raises(MerflowError, match=r"corrupted copies of HL\(18\) hold copy 0"):
        join(labels, clean, clean)


def test_a_row_that_stands_twice_is_refused(toy, tmp_path):
    corpus = toy.ToyCorpus()
    labels = labels_of(corpus, toy, tmp_path)
    rows = rows_of(corpus, PAIRS)["HL(18)"]
    twice = Rows(
        rows.clips * 2, np.concatenate([rows.copies] * 2), np.concatenate([rows.values] * 2)
    )
    with pytest.raises(MerflowError, match="twice"):
        join(labels, {"HL(18)": twice})


def test_a_fold_without_features_is_refused(toy, tmp_path):
    corpus = toy.ToyCorpus()
    corpus.faceless = tuple(clip for clip, fold in corpus.fold.items() if fold == 1)
    with pytest.raises(MerflowError, match=r"no training clip of fold 1 has all of HL\(18\), RF"):
        data_of(corpus, toy, tmp_path)


def test_copies_of_other_width_are_refused(toy, tmp_path):
    corpus = toy.ToyCorpus()
    labels = labels_of(corpus, toy, tmp_path)
    noise = rows_of(corpus, PAIRS, noise=True)
    noise["RF(pooling)"] = noise["HL(18)"]
    with pytest.raises(MerflowError, match=r"RF\(pooling\) has 4 columns .* and 6 columns"):
        join(labels, rows_of(corpus, PAIRS), noise)


def edit(path, change):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table).to_csv(path, index=False)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("manifest", lambda t: t.assign(emotion="bored"), "'bored'"),
        ("manifest", lambda t: t.assign(valence=""), "valence ''"),
        ("manifest", lambda t: t.assign(valence="inf"), "valence 'inf'"),
        ("manifest", lambda t: t.drop(columns="split"), "no column 'split'"),
        ("manifest", lambda t: pd.concat([t, t.head(1)]), "'clip000' twice"),
        ("manifest", lambda t: t.assign(split="dev"), "no clip of split 'train'"),
        ("manifest", lambda t: t[t["clip"] != "clip003"], "'clip003' is in"),
        ("folds", lambda t: t[t["clip"] != "clip003"], "'clip003' is in"),
        ("folds", lambda t: t.assign(fold="7"), "fold '7'"),
        ("folds", lambda t: t.assign(fold="0"), "fold 1 empty"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(toy, tmp_path, file, change, words):
    corpus = toy.ToyCorpus()
    files = corpus.write(tmp_path)
    edit(getattr(files, file), change)
    with pytest.raises(MerflowError) as told:
        read_labels(files.manifest, files.folds, toy.CLASSES, True, ["test1"], corpus.folds)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_one_fold_alone_is_refused(toy, tmp_path):
    files = toy.ToyCorpus().write(tmp_path)
    with pytest.raises(MerflowError, match="with 1 fold"):
        read_labels(files.manifest, files.folds, toy.CLASSES, True, ["test1"], 1)


def test_tests_need_no_labels_and_names_stay_text(toy, tmp_path):
    corpus = toy.ToyCorpus()
    files = corpus.write(tmp_path)
    edit(files.manifest, lambda t: t.replace({"clip": {"clip001": "007", "clip029": "NA"}}))
    edit(files.folds, lambda t: t.replace({"clip": {"clip001": "007"}}))
    unlabelled = ("emotion", "valence")
    edit(
        files.manifest,
        lambda t: t.assign(**{n: t[n].where(t["split"] == "train", "") for n in unlabelled}),
    )
    labels = read_labels(files.manifest, files.folds, toy.CLASSES, True, ["test1"], corpus.folds)
    assert labels.clips[0] == "007"
    assert labels.clips[-1] == "clip028"
    assert "NA" in labels.clips
    tests = np.array(labels.split) == "test1"
    assert (labels.emotion[tests] == -1).all()
    assert np.isnan(labels.valence[tests]).all()


def test_order_is_keyed_by_clip_and_epoch():
    clips, copies = ["a", "b", "c", "a"], [0, 0, 0, 1]
    draws = order_draws(3, 1, clips, copies, 5)
    other = order_draws(3, 1, ["c", "x", "a"], [0, 0, 1], 9)
    assert np.array_equal(draws[2], other[0, :5])
    assert np.array_equal(draws[3], other[2, :5])
    assert len(np.unique(draws)) == draws.size
    assert sorted(epoch_order(draws, 2)) == [0, 1, 2, 3]
    for changed in (order_draws(4, 1, clips, copies, 5), order_draws(3, 0, clips, copies, 5)):
        assert not np.array_equal(draws, changed)


def test_every_order_is_about_equally_likely():
    orders = [tuple(epoch_order(order_draws(0, 0, "abc", [0] * 3, 600), e)) for e in range(600)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert min(counts) > 60
