"""The permutation test against a literal enumeration, and what its p-values mean."""

from itertools import product

import numpy as np
import pytest

from merflow.report.labels import SplitLabels
from merflow.report.permutation import BLOCK, METRICS, Exchanges, Margins, differences, permute
from merflow.report.power import AGREEMENT, SIMULATED, detectable
from merflow.report.readings import Predictions
from merflow.report.sums import METRICS as EVERY
from merflow.report.sums import clip_sums, metrics_of
from merflow.training.scores import score

CLASSES = ["a", "b", "c"]


def labels(clips, seed=0, folds=2):
    rng = np.random.default_rng(seed)
    names = [f"c{k:03d}" for k in range(clips)]
    stratum = np.arange(clips) % folds
    return SplitLabels("train", names, rng.integers(0, 3, clips), rng.normal(size=clips), stratum)


def said(of, seed, odds=0.4, error=1.0, seeds=2):
    rng, clips = np.random.default_rng(seed), len(of.clips)
    chances = rng.dirichlet(np.ones(3), (seeds, clips)) + odds * np.eye(3)[of.emotion]
    valence = of.valence + error * rng.normal(size=(seeds, clips))
    chances /= chances.sum(axis=2, keepdims=True)
    return Predictions(list(range(seeds)), np.ones(clips, bool), chances, valence)


def concordance(true, predicted):
    """CCC as Lin 1989 has it, from NumPy's covariance matrix."""
    moments, gap = np.cov(true, predicted, bias=True), np.mean(true) - np.mean(predicted)
    return 2 * moments[0, 1] / (moments[0, 0] + moments[1, 1] + gap**2)


def literal(of, one, other, exchanged):
    """Score both systems clip by clip after one exchange; the difference of each metric."""
    found = []
    for seed in range(len(one.seeds)):
        for fold in np.unique(of.stratum):
            rows = np.flatnonzero(of.stratum == fold)
            sides = []
            for first, second in ((one, other), (other, one)):
                take = [second if exchanged[row] else first for row in rows]
                pairs = list(zip(take, rows, strict=True))
                chances = np.array([side.probabilities[seed, row] for side, row in pairs])
                valence = np.array([side.valence[seed, row] for side, row in pairs])
                told = score(of.emotion[rows], chances, of.valence[rows], valence, CLASSES)
                ccc = concordance(of.valence[rows], valence)
                sides.append([told.weighted_f1, told.mse, told.com, ccc])
            found.append(np.subtract(*sides))
    return np.mean(found, axis=0)


def sums(of, *predicted):
    return [clip_sums(of, one, CLASSES) for one in predicted]


def p_of(of, one, other, draws=400, seed=0):
    exchanges = Exchanges.drawn(len(of.clips), draws, seed, "x").among(one.present)
    return permute(*sums(of, one, other), of.stratum, exchanges, 3).p


def test_few_clips_are_enumerated_and_equal_a_literal_enumeration():
    of = labels(7)
    one, other = said(of, 1), said(of, 2, odds=0.2)
    every = [literal(of, one, other, exchanged) for exchanged in product((0, 1), repeat=7)]
    extreme = np.abs(every) >= np.abs(every[0]) - 1e-12
    found = permute(*sums(of, one, other), of.stratum, Exchanges.all(7), 3)
    np.testing.assert_allclose(found.p, extreme.mean(axis=0))
    np.testing.assert_allclose(found.sd, np.sqrt(np.mean(np.square(every), axis=0)))
    np.testing.assert_allclose(p_of(of, one, other, draws=128), found.p)
    assert p_of(of, one, other, draws=127).tolist() != found.p.tolist()


def test_each_draw_equals_scoring_the_exchanged_predictions():
    of = labels(20)
    one, other = said(of, 1), said(of, 2)
    exchanges = Exchanges.drawn(20, 12, 0, "x")
    (block,) = exchanges.blocks()
    found = differences(*sums(of, one, other), of.stratum, block, 3)
    wanted = [literal(of, one, other, exchanged) for exchanged in block]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_drawn_p_is_near_the_enumerated_one():
    of = labels(12)
    one, other = said(of, 1, odds=0.6), said(of, 2, odds=0.2, error=1.5)
    exact = permute(*sums(of, one, other), of.stratum, Exchanges.all(12), 3).p
    np.testing.assert_allclose(p_of(of, one, other, draws=4000), exact, atol=0.03)


def test_the_other_way_round_p_is_the_same():
    of = labels(40)
    one, other = said(of, 1), said(of, 2)
    np.testing.assert_array_equal(p_of(of, one, other), p_of(of, other, one))
    block = next(Exchanges.drawn(40, 5, 0, "x").blocks())
    forth = differences(*sums(of, one, other), of.stratum, block, 3)
    back = differences(*sums(of, other, one), of.stratum, block, 3)
    np.testing.assert_allclose(forth, -back, atol=1e-12)


def test_names_of_folds_do_not_matter():
    of = labels(40)
    one, other = said(of, 1), said(of, 2)
    renamed = SplitLabels(of.split, of.clips, of.emotion, of.valence, 7 - 3 * of.stratum)
    np.testing.assert_allclose(p_of(of, one, other), p_of(renamed, one, other))


def test_equal_systems_have_p_1_and_no_spread():
    of = labels(30)
    one = said(of, 1)
    found = permute(*sums(of, one, one), of.stratum, Exchanges.drawn(30, 50, 0, "x"), 3)
    assert (found.p == 1).all()
    assert (found.sd == 0).all()


def test_a_planted_difference_is_found_and_p_is_never_0():
    of = labels(200)
    better, worse = said(of, 1, odds=2.0, error=0.5), said(of, 2, odds=0.1, error=1.5)
    np.testing.assert_allclose(p_of(of, better, worse, draws=300), 1 / 301)


def test_p_is_uniform_where_there_is_no_difference():
    found = []
    for trial in range(150):
        of = labels(60, seed=trial, folds=3)
        found.append(p_of(of, said(of, 1000 + trial), said(of, 2000 + trial), draws=199))
    levels = (0.05, 0.25, 0.5, 0.75)
    f1, mse, com, ccc = ([(p <= level).mean() for level in levels] for p in np.transpose(found))
    np.testing.assert_allclose(mse, levels, atol=0.1)
    np.testing.assert_allclose(com, levels, atol=0.1)
    np.testing.assert_allclose(ccc, levels, atol=0.1)
    # Counts tie, and a tie counts as extreme.
    assert (f1 <= np.add(levels, 0.1)).all()
    assert f1[2] > 0.3
    assert max(f1[0], mse[0], com[0], ccc[0]) < 0.11


def test_exchanges_are_fair_and_a_clip_keeps_its_own_whichever_others_are_kept():
    every = Exchanges.drawn(50, BLOCK + 7, 0, "x")
    kept = np.random.default_rng(0).random(50) < 0.6
    whole, part = (np.concatenate(list(own.blocks())) for own in (every, every.among(kept)))
    assert whole.shape == (BLOCK + 7, 50)
    np.testing.assert_array_equal(whole[:, kept], part)
    assert np.abs(whole.mean(axis=0) - 0.5).max() < 0.08
    assert len(np.unique(whole, axis=0)) == len(whole)


def test_exchanges_follow_from_seed_and_name_alone():
    first = Exchanges.drawn(30, 20, 0, "test1").bits
    assert (first == Exchanges.drawn(30, 20, 0, "test1").bits).all()
    assert (first != Exchanges.drawn(30, 20, 0, "test2").bits).any()
    assert (first != Exchanges.drawn(30, 20, 1, "test1").bits).any()


@pytest.mark.parametrize("clips", [1, 3, 9])
def test_all_exchanges_stand_once(clips):
    every = np.concatenate(list(Exchanges.all(clips).blocks()))
    assert sorted(map(tuple, every)) == sorted(product((0.0, 1.0), repeat=clips))


def test_without_valence_it_is_the_weighted_f1_alone_that_counts():
    of = labels(40)
    bare = SplitLabels(of.split, of.clips, of.emotion, None, of.stratum)
    one, other = said(of, 1), said(of, 2, odds=0.3)
    told = [
        Predictions(side.seeds, side.present, side.probabilities, None) for side in (one, other)
    ]
    assert p_of(bare, *told)[0] == p_of(of, one, other)[0]


def similar(clips, folds, seed, share):
    """Two systems of equal strength that have a share of their errors' variance in common."""
    of = labels(clips, seed, folds)
    rng, both = np.random.default_rng(seed), np.random.default_rng(seed + 100)
    common, off = both.normal(size=(clips, 3)), both.normal(size=clips)
    found, own = [], np.sqrt(1 - share)
    for _ in range(2):
        logits = np.sqrt(share) * common + own * rng.normal(size=(3, clips, 3))
        chances = np.exp(logits + 1.7 * np.eye(3)[of.emotion])
        valence = of.valence + 0.8 * (np.sqrt(share) * off + own * rng.normal(size=(3, clips)))
        chances /= chances.sum(axis=2, keepdims=True)
        found.append(Predictions([0, 1, 2], np.ones(clips, bool), chances, valence))
    return of, *found


@pytest.mark.parametrize(("clips", "folds", "pairs"), [(411, 1, 24), (3373, 5, 8)])
def test_what_so_many_clips_can_show_is_as_simulated(clips, folds, pairs):
    for share, agreement, told in zip((0.9, 0.75), AGREEMENT, SIMULATED[clips], strict=True):
        agreed, least = [], []
        for seed in range(pairs):
            of, one, other = similar(clips, folds, seed, share)
            said = (side.probabilities.argmax(axis=2) for side in (one, other))
            agreed.append(np.equal(*said).mean())
            drawn = Exchanges.drawn(clips, 500, seed, "x")
            chance = permute(*sums(of, one, other), of.stratum, drawn, 3)
            least.append(detectable(chance.sd[2]))
        assert np.mean(agreed) == pytest.approx(agreement, abs=0.01)
        assert np.mean(least) == pytest.approx(told, rel=0.05)


@pytest.mark.parametrize("valence", [True, False])
def test_margins_score_as_all_sums_do(valence):
    of = labels(50)
    told = said(of, 1)
    terms = clip_sums(of, told, CLASSES)[..., : None if valence else 9]
    # A class that nobody says, and one that no clip has.
    terms[:, (of.emotion == 2) | (terms[0, :, 1] > 0)] = 0
    margins, chosen = Margins.of(terms, 3), np.random.default_rng(0).random(50) < 0.5
    whole = metrics_of(terms.sum(axis=1), 3)
    names = [EVERY.index(name) for name in (METRICS if valence else METRICS[:1])]
    np.testing.assert_allclose(margins.scores(margins.terms.sum(axis=1)), whole[:, names])
    part = Margins.of(terms[:, chosen], 3)
    found = part.scores(margins.terms[:, chosen].sum(axis=1))
    np.testing.assert_allclose(found, metrics_of(terms[:, chosen].sum(axis=1), 3)[:, names])
