"""``merflow ensemble fuse`` from files to files."""

import json

import numpy as np
import pandas as pd
import pytest

from merflow.training.predictions import write_predictions


def predictions(toy, corpus, seed, seeds=(0,), valence=True, left_out=()):
    """Return random predictions of every clip, better for some members than for others."""
    rng = np.random.default_rng(seed)
    rows = []
    for clip, split, emotion, true in zip(
        corpus.clips, corpus.split, corpus.emotion, corpus.valence, strict=True
    ):
        folds = [corpus.fold[clip]] if split == "train" else range(corpus.folds)
        for fold in folds if clip not in left_out else ():
            for run in seeds:
                said = rng.dirichlet(np.ones(3)) + (1 + seed % 3) * 0.2 * np.eye(3)[emotion]
                row = {"clip": clip, "split": split, "fold": fold, "seed": run}
                row |= dict(zip([f"p_{n}" for n in toy.CLASSES], said / said.sum(), strict=True))
                rows.append(row | ({"valence": true + rng.standard_normal()} if valence else {}))
    return pd.DataFrame(rows)


@pytest.fixture
def fuse(run, toy, tmp_path):
    """Return a function that writes members and fuses them; returns (fused, equal, weights)."""

    def call(frames, corpus=None, expect=0, name="fused", files=None, **changes):
        corpus = corpus or toy.ToyCorpus()
        files = files or corpus.write(tmp_path / "corpus")
        spec = {"step": 0.25, "classes": toy.CLASSES, "valence": True, "com": True}
        spec |= {"fold_count": corpus.folds} | changes
        arguments = ["--spec", json.dumps(spec), "--manifest", files.manifest]
        arguments += ["--folds", files.folds]
        for number, frame in enumerate(frames):
            path = tmp_path / f"{name}-{number}.parquet"
            write_predictions(path, frame, spec["classes"], "valence" in frame)
            arguments += ["--member", path]
        outs = [tmp_path / f"{name}-{n}" for n in ("out.parquet", "equal.parquet", "k.json")]
        for option, path in zip(("--out", "--equal", "--weights"), outs, strict=True):
            arguments += [option, path]
        call.result, call.outs = run("ensemble", "fuse", *arguments), outs
        assert (call.result.exit_code != 0) == bool(expect), call.result.output
        if not expect:
            return (
                pd.read_parquet(outs[0]),
                pd.read_parquet(outs[1]),
                json.loads(outs[2].read_text()),
            )
        return None

    return call


def by_key(frame):
    keys = zip(frame["split"], frame["clip"], frame["fold"], frame["seed"], strict=True)
    return dict(zip(keys, frame.iloc[:, 4:].to_numpy().tolist(), strict=True))


def expected_weights(paper, corpus, members, seed, fold, valence):
    """Search with plain loops on the rows of one seed and of the folds other than ``fold``."""
    step, clips = 4, [c for c in corpus.clips[: corpus.train] if corpus.fold[c] != fold]
    grid = [
        [i / step, j / step, (step - i - j) / step]
        for i in range(step + 1)
        for j in range(step + 1 - i)
    ]
    rows = [[member["train", c, corpus.fold[c], seed] for c in clips] for member in members]
    index = [corpus.clips.index(clip) for clip in clips]
    truth = corpus.valence[index].tolist() if valence else None
    return paper.best_weights(grid, rows, corpus.emotion[index].tolist(), truth, 3)


@pytest.mark.parametrize("valence", [True, False])
def test_fusion_is_equations_10_and_11_with_the_weights_of_the_design(fuse, paper, toy, valence):
    corpus = toy.ToyCorpus(folds=2)
    # Of these members the weights differ as the end of the test demands.
    frames = [predictions(toy, corpus, seed, (0, 5), valence) for seed in (668, 669, 670)]
    fused, equal, found = fuse(frames, corpus, valence=valence)
    members = [by_key(frame) for frame in frames]
    searched = {
        (seed, fold): expected_weights(paper, corpus, members, seed, fold, valence)
        for seed in (0, 5)
        for fold in (*range(corpus.folds), None)
    }
    assert (found["members"], found["step"]) == (3, 0.25)
    for seed in (0, 5):
        said = found["seeds"][str(seed)]
        assert said["folds"] == [searched[seed, fold] for fold in range(corpus.folds)]
        assert said["tests"] == searched[seed, None]
    ours, even = by_key(fused), by_key(equal)
    assert set(ours) == set(even) == set(members[0])
    for key in ours:
        split, _, fold, seed = key
        k = searched[seed, fold if split == "train" else None]
        outputs = [member[key] for member in members]
        assert ours[key] == pytest.approx(paper.fuse_decisions(k, outputs), abs=1e-12)
        assert even[key] == pytest.approx(paper.fuse_decisions([1 / 3] * 3, outputs), abs=1e-12)
        assert sum(ours[key][:3]) == pytest.approx(1.0, abs=1e-12)
    # So that a fold's weights in place of the tests' own, or another fold's, would be noticed.
    for seed in (0, 5):
        own = [searched[seed, fold] for fold in range(corpus.folds)]
        assert searched[seed, None] not in own
        assert len({tuple(k) for k in own}) > 1


def test_without_com_the_weights_go_by_the_emotion_alone(fuse, paper, toy):
    corpus = toy.ToyCorpus(folds=2)
    frames = [predictions(toy, corpus, seed) for seed in (668, 669, 670)]
    fused, _, found = fuse(frames, corpus, com=False)
    members = [by_key(frame) for frame in frames]
    k = {f: expected_weights(paper, corpus, members, 0, f, False) for f in (0, 1, None)}
    assert found["seeds"]["0"] == {"folds": [k[0], k[1]], "tests": k[None]}
    assert fuse(frames, corpus, name="com")[2] != found
    # The valences are still fused, with those weights.
    for (split, clip, fold, seed), said in by_key(fused).items():
        own = k[fold if split == "train" else None]
        outputs = [member[split, clip, fold, seed] for member in members]
        assert said == pytest.approx(paper.fuse_decisions(own, outputs), abs=1e-12)
    wide = [frame.assign(valence=frame["valence"] * 7) for frame in frames]
    corpus.valence = corpus.valence * 7
    assert fuse(wide, corpus, name="wide", com=False)[2] == found


def test_a_fold_s_weights_do_not_depend_on_its_own_rows(fuse, toy):
    corpus = toy.ToyCorpus()
    frames = [predictions(toy, corpus, seed) for seed in (1, 2, 3)]
    before = fuse(frames, corpus)[2]["seeds"]["0"]
    own = (frames[0]["split"] == "train") & (frames[0]["fold"] == 1)
    names = [f"p_{name}" for name in toy.CLASSES]
    for frame in frames:
        frame.loc[own, names] = frame.loc[own, names[::-1]].to_numpy()
        frame.loc[own, "valence"] *= -3
    after = fuse(frames, corpus, name="altered")[2]["seeds"]["0"]
    assert after["folds"][1] == before["folds"][1]


def test_test_rows_do_not_touch_the_weights(fuse, toy):
    corpus = toy.ToyCorpus()
    frames = [predictions(toy, corpus, seed) for seed in (1, 2)]
    before = fuse(frames, corpus)[2]
    tests = frames[0]["split"] != "train"
    frames[0].loc[tests, "valence"] += 50
    assert fuse(frames, corpus, name="altered")[2] == before


def test_files_in_another_order_change_no_byte(fuse, toy, tmp_path):
    corpus = toy.ToyCorpus()
    frames = [predictions(toy, corpus, seed) for seed in (1, 2, 3)]
    fuse(frames, corpus)
    plain = [path.read_bytes() for path in fuse.outs]
    files = corpus.write(tmp_path / "shuffled", shuffle=5)
    fuse([frame.sample(frac=1, random_state=1) for frame in frames], corpus, name="b", files=files)
    assert [path.read_bytes() for path in fuse.outs] == plain


def test_one_member_stays_what_it_is(fuse, toy):
    frame = predictions(toy, toy.ToyCorpus(), 1)
    fused, equal, found = fuse([frame])
    assert by_key(fused) == by_key(equal) == by_key(frame)
    assert found["seeds"]["0"]["tests"] == [1.0]


def test_training_clips_that_a_member_lacks_are_left_out_and_told(fuse, toy):
    corpus = toy.ToyCorpus()
    frames = [predictions(toy, corpus, 1), predictions(toy, corpus, 2, left_out=("clip004",))]
    fused, _, _ = fuse(frames, corpus)
    assert "clip004" not in set(fused["clip"])
    assert "left out, clips that another member lacks: clip004" in fuse.result.output


def bad_members(toy, corpus):
    good = predictions(toy, corpus, 1)
    two_seeds = predictions(toy, corpus, 2, (0, 1))
    no_test = predictions(toy, corpus, 2, left_out=("clip027",))
    moved = good.assign(fold=(good["fold"] + 1) % corpus.folds)
    strange = good.replace({"clip": {"clip003": "other"}})
    return [
        ([good, two_seeds], {}, "which another member does not"),
        ([good, no_test], {}, "'clip027' (test1)"),
        ([moved], {}, "hold out the clip"),
        ([strange], {}, "hold out the clip 'other'"),
        ([], {}, "no member is given"),
        ([good[good["split"] == "test1"]], {}, "no out-of-fold rows"),
        ([good], {"step": 0.3}, "ensemble.step is 0.3"),
        ([good], {"fold_count": 1}, "with 1 fold"),
        ([good.drop(columns="valence")], {}, "valence are needed"),
    ]


@pytest.mark.parametrize("case", range(9))
def test_members_that_do_not_fit_are_refused_in_one_sentence(fuse, toy, case):
    corpus = toy.ToyCorpus()
    frames, changes, words = bad_members(toy, corpus)[case]
    fuse(frames, corpus, expect=1, **changes)
    assert words in str(fuse.result.exception)
    assert "\n" not in str(fuse.result.exception)
    assert not fuse.outs[0].exists()
