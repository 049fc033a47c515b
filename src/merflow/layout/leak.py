"""Random folds of a corpus with speakers: the same systems in folds by speaker, to compare with."""

import copy
from typing import Any

from merflow.corpus.listed import ListedClips
from merflow.corpus.speakers import FEW, MEASURED, NOISY, UNNAMED, count_speakers


def leak_of(config: dict[str, Any], clips: ListedClips) -> str | None:
    """Return what can be said of speakers that stand on both sides of a fold.

    None: other than random folds are asked for, and so nothing is said. ``measured``: the clean
    systems are trained in folds by speaker too. It cannot be measured where the speakers are
    ``unnamed``, where they are ``few``, fewer than the folds, and where each system is trained
    with ``noisy`` copies alone.

    Args:
        config: The checked settings.
        clips: Those of its corpus.

    Raises:
        MerflowError: A list of clips cannot be read.
    """
    folds = config["corpus"]["folds"]
    if folds["scheme"] != "random":
        return None
    speakers = count_speakers(clips)
    if speakers is None:
        return UNNAMED
    if speakers < folds["count"]:
        return FEW
    return MEASURED if _trained_clean(config) else NOISY


def by_speaker(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the comparison: speakers held out, trained clean, the first seed.

    They are settings as a user may have them, so that nothing is trained twice: who goes over to
    folds by speaker finds the first seed in the store.
    """
    found = copy.deepcopy(config)
    found["corpus"]["folds"]["scheme"] = "speaker"
    training = found["fusion"]["training"]
    training["seeds"] = training["seeds"][:1]
    found["fusion"]["systems"] = [
        system | {"augmentation": ["clean"]} for system in _trained_clean(config)
    ]
    found["ensemble"]["systems"] = []
    return found


def _trained_clean(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the systems that have a training on clean clips alone and a decoder that applies."""
    valence = config["corpus"]["valence"]
    return [
        system
        for system in config["fusion"]["systems"]
        if "clean" in system["augmentation"] and (valence or system["decoder"] != "jdev")
    ]
