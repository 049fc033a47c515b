"""Drawing the corruptions: each copy's draw depends on seed, clip and copy alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.ranges import MAX_LEVEL, PRESET_VISUAL, PRESETS, is_level, magnitude_at
from merflow.noise.visual import TRANSFORMS
from merflow.seeds import generator

Spec = Mapping[str, Any]


def draw_noise(
    spec: Spec, clips: Iterable[str], root: Path, known: Path | None = None
) -> list[NoiseRow]:
    """Draw all copies of all training clips, from the recordings that corrupt no test clip.

    Args:
        spec: ``seed``, ``copies``, ``preset`` and ``visual`` of the section ``noise``. ``visual``
            None: as the preset does.
        clips: Names of the training clips.
        root: The noise folder.
        known: Where digests of recordings are remembered, see :class:`NoiseFolder`.

    Raises:
        MerflowError: A setting is unknown, or the noise folder is missing, empty or damaged.
    """
    _check(spec)
    folder = NoiseFolder(root, known)
    names = folder.names_for("train", spec["seed"])
    return [
        _draw(spec, clip, copy, folder, names, "noise")
        for clip in sorted(clips)
        for copy in range(1, spec["copies"] + 1)
    ]


def draw_tests(
    spec: Spec,
    clips: Iterable[str],
    root: Path,
    snr_db: int | None = None,
    known: Path | None = None,
) -> list[NoiseRow]:
    """Draw one corruption of each test clip, as copy 1, from recordings that train nothing.

    At every ``snr_db`` a clip gets the same piece of the same recording, so that a curve over the
    SNR compares like with like.

    Args:
        spec: As for :func:`draw_noise`; ``copies`` is not looked at.
        clips: Names of the test clips.
        root: The noise folder.
        snr_db: The SNR of all clips in dB, whose pictures then stay as they are (``identity``);
            None: SNR and picture are drawn as for training copies.
        known: As for :func:`draw_noise`.

    Raises:
        MerflowError: A setting is unknown, or the noise folder is missing, empty or damaged, or
            has not two recordings.
    """
    _check(spec)
    folder = NoiseFolder(root, known)
    names = folder.names_for("test", spec["seed"])
    rows = [_draw(spec, clip, 1, folder, names, "noise-test") for clip in sorted(clips)]
    if snr_db is None:
        return rows
    return [replace(row, snr_db=snr_db, transform="identity", magnitude=0.0) for row in rows]


def _draw(
    spec: Spec, clip: str, copy: int, folder: NoiseFolder, names: Sequence[str], purpose: str
) -> NoiseRow:
    """Draw one copy of one clip (source: ours).

    Six uniform numbers are drawn at once and each decides one thing, so that another SNR preset
    or another noise folder leaves the visual transform as it was, and the reverse.
    """
    shares = generator(spec["seed"], purpose, clip, copy).random(6)
    name = names[int(shares[0] * len(names))]
    snrs = PRESETS[spec["preset"]]
    chosen: Mapping[str, Any] = {"transform": "identity", "magnitude": [0, 0]}
    if visual := _visual(spec):
        chosen = visual[int(shares[3] * len(visual))]
    low, high = map(float, chosen["magnitude"])
    return NoiseRow(
        clip=clip,
        copy=copy,
        noise_file=name,
        offset=int(shares[1] * folder.length(name)),
        snr_db=snrs[int(shares[2] * len(snrs))],
        transform=chosen["transform"],
        magnitude=magnitude_at(chosen["transform"], low, high, float(shares[4])),
        visual_seed=int(shares[5] * 2**32),
        noise_sha256=folder.sha256(name),
    )


def _visual(spec: Spec) -> Sequence[Mapping[str, Any]]:
    """Return the transforms to draw from."""
    given = spec["visual"]
    return PRESET_VISUAL[spec["preset"]] if given is None else given


def _check(spec: Spec) -> None:
    if spec["preset"] not in PRESETS:
        raise MerflowError(
            f"noise.preset '{spec['preset']}' is unknown: choose one of {', '.join(PRESETS)}"
        )
    if spec["visual"] is None and spec["preset"] not in PRESET_VISUAL:
        raise MerflowError(
            f"noise.visual is null, which the preset {spec['preset']} does not decide: list the "
            "transforms, or take the preset organiser"
        )
    for entry in _visual(spec):
        if entry["transform"] not in TRANSFORMS:
            raise MerflowError(
                f"noise.visual names the transform '{entry['transform']}', which is unknown: "
                f"choose one of {', '.join(TRANSFORMS)}"
            )
        low, high = entry["magnitude"]
        if low > high:
            raise MerflowError(
                f"noise.visual gives {entry['transform']} the range [{low}, {high}]: "
                "write the smaller magnitude first"
            )
        if entry["transform"] == "pyramid" and not (is_level(low) and is_level(high)):
            raise MerflowError(
                f"noise.visual gives pyramid the range [{low}, {high}]: its levels are powers of "
                f"two, 1 to {MAX_LEVEL}"
            )
