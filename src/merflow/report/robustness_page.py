"""The robustness table as a Markdown page: scores by SNR, what noisy copies change, a verdict."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from merflow.noise.ranges import PRESETS
from merflow.report.assembly import assembled
from merflow.report.bootstrap import SMALLEST
from merflow.report.markdown import counted, listed, paired_over, table, with_interval
from merflow.report.robustness import CLEAN, NOISE, Level, main_metric
from merflow.report.shown import CRITERION

TRAINED = {CLEAN: "clean", NOISE: "with noisy copies"}


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Level]) -> str:
    """Return the page.

    Args:
        spec: ``corpus``, ``rows``, ``decimals``, ``note``, ``robustness``, ``definitions`` and
            ``preset``, that of the noise of training copies.
        document: The second part of :func:`merflow.report.robustness.levels`.
        found: The first.
    """
    main = main_metric(found)
    own = [one for one in found if one.metric == main]
    parts = [_what(spec, own), f"## {main} by SNR\n", _scores(spec, own)]
    pairs = [one for one in own if one.gap is not None]
    if pairs:
        parts += [
            "## What noisy copies in training change\n",
            _gaps(spec, pairs),
            _how(document, pairs),
            f"{verdict(pairs)}\n",
        ]
    return assembled("Robustness to noise", spec, document, parts)


def _what(spec: Mapping[str, Any], own: Sequence[Level]) -> str:
    split = spec["robustness"]["split"]
    name = {row["split"]: row["name"] for row in spec["rows"]}.get(split, split)
    low, high = min(PRESETS[spec["preset"]]), max(PRESETS[spec["preset"]])
    noisy = any(one.noise is not None for one in own)
    outside = [snr for snr in sorted(spec["robustness"]["snr"]) if not low <= snr <= high]
    clips = counted(own[0].clips, "clip")
    told = (
        f"The {clips} of {name} ({split}), heard with noise at a fixed ratio of "
        "signal to noise (SNR). A clip has the same piece of the same recording at every SNR, and "
        "no recording that corrupts a copy in training is heard here. The picture stays as it is, "
        "as an SNR speaks of sound. Nothing is trained or chosen for this table: the models are "
        "those of Table 1 in the honest reading, the mean over folds and then over trainings, and "
        "an ensemble has the weights that it found on out-of-fold predictions.\n"
    )
    if noisy:
        told += (
            f"\nThe copies in training have {low} to {high} dB, and their pictures are changed too"
        )
        lie = "lies" if len(outside) == 1 else "lie"
        told += f"; {listed(map(str, outside))} dB {lie} outside." if outside else "."
        told += "\n"
    return told


def _heads(own: Sequence[Level]) -> dict[str, str]:
    """Return the columns' headings by SNR."""
    return {one.snr: one.snr if one.snr == CLEAN else f"{one.snr} dB" for one in own}


def _scores(spec: Mapping[str, Any], own: Sequence[Level]) -> str:
    by_place = {(one.system, one.snr): one for one in own}
    heads, lines = _heads(own), []
    for system in dict.fromkeys(one.system for one in own):
        for trained, words in TRAINED.items():
            scores = [by_place[system, snr].score(trained) for snr in heads]
            if any(scores):
                cells = ("-" if s is None else f"{s[0]:.{spec['decimals']}f}" for s in scores)
                lines.append([system, words, *cells])
    return table(["System", "trained", *heads.values()], lines)


def _gaps(spec: Mapping[str, Any], pairs: Sequence[Level]) -> str:
    by_place = {(one.system, one.snr): one for one in pairs}
    heads, lines = _heads(pairs), []
    for system in dict.fromkeys(one.system for one in pairs):
        cells = (_gap(by_place.get((system, snr)), spec["decimals"]) for snr in heads)
        lines.append([system, *cells])
    return table(["System", *heads.values()], lines)


def _gap(one: Level | None, decimals: int) -> str:
    if one is None or one.gap is None:
        return "-"
    value, *bounds = one.gap
    text = with_interval(value, bounds, decimals, "+")
    return f"**{text}**" if one.shown else text


def _how(document: Mapping[str, Any], pairs: Sequence[Level]) -> str:
    draws = document["bootstrap"]["draws"]
    return (
        f"Trained with noisy copies less trained without, on the same clips. In brackets the "
        f"paired 95 % interval of {draws} bootstrap resamples {paired_over(document['seeds'])}. "
        f"Bold: {CRITERION}; the family are the {len(pairs)} cells. robustness.csv has p, the "
        "intervals of all scores, and the other metrics.\n"
    )


def verdict(pairs: Sequence[Level]) -> str:
    """Return at which SNRs noisy copies help, where that is shown, as sentences.

    Args:
        pairs: Of one metric, with differences.
    """
    said = []
    for words, sign in (("help", 1), ("harm", -1)):
        by_snr = {
            head: [
                one.system for one in pairs if one.snr == snr and one.shown and _sign(one) == sign
            ]
            for snr, head in _heads(pairs).items()
        }
        named = [f"at {head} {listed(who)}" for head, who in by_snr.items() if who]
        if named:
            said.append(f"Noisy copies in training are shown to {words} {'; '.join(named)}.")
    if not said:
        return (
            "At no SNR is it shown that noisy copies in training help or harm any system"
            f"{_power(pairs)}."
        )
    return f"{' '.join(said)} Elsewhere nothing is shown{_power(pairs)}."


def _power(pairs: Sequence[Level]) -> str:
    """Return what the clips could show, as the end of a sentence.

    That comes from how the two trainings' predictions differ, which a few clips do not tell.
    """
    clips = counted(min(one.clips for one in pairs), "clip")
    if min(one.clips for one in pairs) < SMALLEST:
        return f"; nothing can be said with {clips}, as it takes {SMALLEST} at least"
    least = median(one.detectable for one in pairs if one.detectable is not None)
    return f"; a difference of about {least:.2g} is what {clips} show with 80 % power"


def _sign(one: Level) -> int:
    return 1 if one.difference is not None and one.difference > 0 else -1
