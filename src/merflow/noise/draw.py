"""Drawing the corruptions: each copy's draw depends on seed, clip and copy alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.visual import TRANSFORMS, WHOLE_MAGNITUDES
from merflow.seeds import generator

# SNRs in dB. `paper`: the paper's seven values; `organiser`: np.arange(5, 11) of the challenge's
# own corruption (FACTS 4.7, 4.10 item 21).
PRESETS: dict[str, tuple[int, ...]] = {
    "paper": tuple(range(5, 12)),
    "organiser": tuple(range(5, 11)),
}
Spec = Mapping[str, Any]


def draw_noise(spec: Spec, clips: Iterable[str], root: Path) -> list[NoiseRow]:
    """Draw all copies of all training clips, from the recordings that corrupt no test clip.

    Args:
        spec: ``seed``, ``copies``, ``preset`` and ``visual`` of the section ``noise``.
        clips: Names of the training clips.
        root: The noise folder.

    Raises:
        MerflowError: A setting is unknown, or the noise folder is missing, empty or damaged.
    """
    _check(spec)
    folder = NoiseFolder(root)
    names = folder.names_for("train", spec["seed"])
    return [
        _draw(spec, clip, copy, folder, names, "noise")
        for clip in sorted(clips)
        for copy in range(1, spec["copies"] + 1)
    ]


def draw_tests(
    spec: Spec, clips: Iterable[str], root: Path, snr_db: int | None = None
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

    Raises:
        MerflowError: A setting is unknown, or the noise folder is missing, empty or damaged, or
            has not two recordings.
    """
    _check(spec)
    folder = NoiseFolder(root)
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
    if spec["visual"]:
        chosen = spec["visual"][int(shares[3] * len(spec["visual"]))]
    low, high = map(float, chosen["magnitude"])
    return NoiseRow(
        clip=clip,
        copy=copy,
        noise_file=name,
        offset=int(shares[1] * folder.length(name)),
        snr_db=snrs[int(shares[2] * len(snrs))],
        transform=chosen["transform"],
        magnitude=_magnitude(chosen["transform"], low, high, float(shares[4])),
        visual_seed=int(shares[5] * 2**32),
        noise_sha256=folder.sha256(name),
    )


def _magnitude(transform: str, low: float, high: float, share: float) -> float:
    """Return the magnitude at a share in [0, 1) of its range; four decimals keep the csv short."""
    if transform in WHOLE_MAGNITUDES:
        return float(int(low) + int(share * (int(high) - int(low) + 1)))
    return min(max(round(low + share * (high - low), 4), low), high)


def _check(spec: Spec) -> None:
    if spec["preset"] not in PRESETS:
        raise MerflowError(
            f"noise.preset '{spec['preset']}' is unknown: choose one of {', '.join(PRESETS)}"
        )
    for entry in spec["visual"]:
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
