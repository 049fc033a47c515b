"""Drawing the noise of a test split: each clip at every SNR, over the same piece of recording."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.noise.draw import draw_tests
from merflow.noise.manifest import NoiseRow


def draw_levels(
    spec: Mapping[str, Any], manifest: pd.DataFrame, root: Path, known: Path | None = None
) -> list[NoiseRow]:
    """Draw the noise of every clip of a split at every SNR.

    Copy k of a clip has the k-th of the SNRs in rising order. All copies of a clip share recording
    and offset, and their picture stays as it is: an SNR speaks of sound alone (source: ours).

    Args:
        spec: ``split``; ``snr``, whole dB; ``seed``, that of the section ``noise``.
        manifest: From :func:`merflow.corpus.manifest.read_manifest`.
        root: The noise folder; only recordings that train nothing are drawn.
        known: As for :func:`merflow.noise.draw.draw_noise`.

    Raises:
        MerflowError: The split has no clip or no label, or the noise folder is missing or damaged
            or has not two recordings.
    """
    own = manifest[manifest["split"] == spec["split"]]
    if own.empty or not (own["emotion"] != "").any():
        lacks = "clip" if own.empty else "labelled clip"
        raise MerflowError(
            f"report.robustness.split is {spec['split']!r}, which has no {lacks}: name a split "
            "with labels, or set report.robustness to null"
        )
    # Neither the preset's SNRs nor the transforms enter: both are replaced.
    drawing = {"seed": spec["seed"], "preset": "paper", "visual": []}
    levels: Sequence[int] = sorted(spec["snr"])
    rows = draw_tests(drawing, own["clip"], root, levels[0], known)
    return [
        replace(row, copy=copy, snr_db=snr_db)
        for row in rows
        for copy, snr_db in enumerate(levels, start=1)
    ]
