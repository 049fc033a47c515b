"""The curves of the robustness table: scores over the SNR, after both trainings.

The bytes of both files depend on the values alone, as those of Figure 4.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from merflow.report.bootstrap import SMALLEST
from merflow.report.figure4 import AXIS_LABEL, COLOURS, GREY, MARKERS, STYLE, WIDEST
from merflow.report.makeup import makeup
from merflow.report.markdown import counted
from merflow.report.robustness import CLEAN, NOISE, Level, main_metric

MOST = len(COLOURS)  # systems of a panel
TITLES = {"baseline": "Fusion, baseline decoder", "jdev": "Fusion, JDEV"}
DASHES = {CLEAN: "-", NOISE: (0, (4, 2))}
ALONE = "Sound alone"
ASIDE = 0.16  # between systems on clean clips, a share of the distance of two SNRs


def draw(found: Sequence[Level], spec: Mapping[str, Any]) -> Figure:
    """Return the figure.

    Args:
        found: From :func:`merflow.report.robustness.levels`.
        spec: ``corpus``, ``note``, ``rows``, ``robustness``, ``definitions``.
    """
    metric = main_metric(found)
    own = [one for one in found if one.metric == metric]
    panels = _panels(own, spec["definitions"])
    columns = 1 if len(panels) == 1 else 2
    lines = math.ceil(len(panels) / columns)
    with mpl.rc_context(STYLE):
        size = (3.7 * columns + 0.4, 2.75 * lines + 1.1)
        figure = Figure(figsize=size, dpi=200, layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(lines, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(panels):
                axes.remove()
                continue
            title, levels = list(panels.items())[place]
            _panel(axes, title, levels)
            if place + columns >= len(panels):
                axes.set_xlabel("SNR of the sound in dB")
        split = spec["robustness"]["split"]
        name = {row["split"]: row["name"] for row in spec["rows"]}.get(split, split)
        figure.supylabel(f"{AXIS_LABEL.get(metric, metric)}, on {name}", fontsize=9)
        figure.suptitle(_title(spec, own), fontsize=10)
        figure.supxlabel(_caption(own), fontsize=7, color=GREY)
    return figure


def _panels(
    own: Sequence[Level], definitions: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Level]]:
    """Return the levels by the title of their panel; long ones go on in another."""
    kinds: dict[str, list[str]] = {title: [] for title in ("Ensembles", *TITLES.values(), ALONE)}
    for system in dict.fromkeys(one.system for one in own):
        made, title = makeup(system, definitions), "Ensembles"
        if "members" not in definitions[system]:
            title = ALONE if made.unimodal else TITLES[min(made.decoders)]
        kinds[title].append(system)
    found = {}
    for title, systems in kinds.items():
        for start in range(0, len(systems), MOST):
            chosen = systems[start : start + MOST]
            name = f"{title}, continued" + " " * (start // MOST - 1) if start else title
            found[name] = [one for one in own if one.system in chosen]
    return found


def _panel(axes: Axes, title: str, levels: Sequence[Level]) -> None:
    """Draw the systems of one panel, clean clips set apart at the right."""
    snrs = sorted({int(one.snr) for one in levels if one.snr != CLEAN})
    step = max(2.5, (snrs[-1] - snrs[0]) / max(len(snrs) - 1, 1))
    apart = snrs[-1] + 1.5 * step
    systems = list(dict.fromkeys(one.system for one in levels))
    for k, system in enumerate(systems):
        own = {one.snr: one for one in levels if one.system == system}
        beside = apart + ASIDE * step * (k - (len(systems) - 1) / 2)
        for trained, dashes in DASHES.items():
            at = {snr: one.score(trained) for snr, one in own.items()}
            values = [score[0] for snr in snrs if (score := at[str(snr)]) is not None]
            look: dict[str, Any] = {
                **{"color": COLOURS[k], "marker": MARKERS[k], "markersize": 4, "lw": 1.4},
                "markerfacecolor": COLOURS[k] if trained == CLEAN else "white",
            }
            if values:
                name = system if trained == CLEAN or own[CLEAN].clean is None else None
                axes.plot(snrs, values, ls=dashes, label=name, **look)
            clean = at[CLEAN]
            if clean is not None:
                axes.plot([beside], [clean[0]], ls="", **look)
    axes.axvline((snrs[-1] + apart) / 2, color=GREY, lw=0.8, ls=(0, (1, 2)))
    names = [f"{snr}".replace("-", "\N{MINUS SIGN}") for snr in snrs]
    axes.set_xticks([*snrs, apart], [*names, CLEAN])
    axes.set_xlim(snrs[0] - 0.4 * step, apart + 0.7 * step)
    axes.margins(y=0.1)
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=9, loc="left")
    axes.legend(loc="best", frameon=False, fontsize=7)


def _title(spec: Mapping[str, Any], own: Sequence[Level]) -> str:
    title = [f"Robustness to noise, corpus {spec['corpus']}"]
    if spec.get("note"):
        title += textwrap.wrap(f"Note: {spec['note']}", WIDEST)
    if any(one.noise is not None for one in own):
        title.append("Solid: trained on clean clips. Dashed, hollow: trained with noisy copies.")
    return "\n".join(title)


def _caption(own: Sequence[Level]) -> str:
    start = "Honest reading, means over trainings; each panel has a scale of its own."
    fewest = min(one.clips for one in own)
    if fewest < SMALLEST:
        return (
            f"{start} Nothing can be said\nof how far other clips would move a point, with "
            f"{counted(fewest, 'clip')}: it takes {SMALLEST} at least."
        )
    bounds = [one.score(trained) for one in own for trained in DASHES]
    reach = median((s[2] - s[1]) / 2 for s in bounds if s is not None)
    return (
        f"{start} The 95 % bootstrap interval of a point reaches about {reach:.2g}\nto either "
        f"side, over {fewest} clips that all points share; robustness.csv has all intervals, and "
        "those of the paired differences."
    )
