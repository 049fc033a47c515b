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
from matplotlib.lines import Line2D

from merflow.report.figure4 import AXIS_LABEL, COLOURS, GREY, MARKERS, STYLE
from merflow.report.makeup import makeup
from merflow.report.robustness import CLEAN, NOISE, Level, main_metric

MOST = len(COLOURS)  # systems of a panel
TITLES = {"baseline": "Fusion, baseline decoder", "jdev": "Fusion, JDEV"}
DASHES = {CLEAN: "-", NOISE: (0, (4, 2))}
TRAINED = {CLEAN: "trained on clean clips", NOISE: "trained with noisy copies"}


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
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes, (title, levels) in zip(grid.flat, panels.items(), strict=False):
            _panel(axes, title, levels)
        for axes in list(grid.flat)[len(panels) :]:
            axes.remove()
            grid[-2, -1].xaxis.set_tick_params(labelbottom=True)
        split = spec["robustness"]["split"]
        name = {row["split"]: row["name"] for row in spec["rows"]}.get(split, split)
        figure.supylabel(f"{AXIS_LABEL.get(metric, metric)}, on {name}", fontsize=9)
        figure.suptitle(_title(spec), fontsize=10)
        figure.supxlabel(_caption(own), fontsize=7, color=GREY)
        handles = [_key(trained) for trained in TRAINED if any(one.score(trained) for one in own)]
        figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return figure


def _panels(
    own: Sequence[Level], definitions: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Level]]:
    """Return the levels by the title of their panel; long ones go on in another."""
    kinds: dict[str, list[str]] = {"Ensembles": []}
    for system in dict.fromkeys(one.system for one in own):
        made = makeup(system, definitions)
        if "members" in definitions[system]:
            title = "Ensembles"
        elif made.unimodal:
            title = "Sound alone"
        else:
            title = TITLES[min(made.decoders)]
        kinds.setdefault(title, []).append(system)
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
    for k, system in enumerate(dict.fromkeys(one.system for one in levels)):
        own = {one.snr: one for one in levels if one.system == system}
        for trained, dashes in DASHES.items():
            at = {snr: one.score(trained) for snr, one in own.items()}
            values = [score[0] for snr in snrs if (score := at[str(snr)]) is not None]
            if not values:
                continue
            colour, face = COLOURS[k], COLOURS[k] if trained == CLEAN else "white"
            look: dict[str, Any] = {
                **{"color": colour, "marker": MARKERS[k], "markersize": 4},
                **{"markerfacecolor": face, "lw": 1.4, "markeredgewidth": 1},
            }
            axes.plot(snrs, values, ls=dashes, label=system if trained == CLEAN else None, **look)
            clean = at[CLEAN]
            if clean is not None:
                axes.plot([apart], [clean[0]], ls="", **look)
    axes.axvline((snrs[-1] + apart) / 2, color=GREY, lw=0.8, ls=(0, (1, 2)))
    axes.set_xticks([*snrs, apart], [*map(str, snrs), CLEAN])
    axes.set_xlim(snrs[0] - 0.4 * step, apart + 0.5 * step)
    axes.set_xlabel("SNR of the sound in dB")
    axes.margins(y=0.1)
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=9, loc="left")
    axes.legend(loc="lower right", frameon=False, fontsize=7)


def _key(trained: str) -> Line2D:
    """Return what the legend of the trainings shows, without a system's colour."""
    face = GREY if trained == CLEAN else "white"
    return Line2D(
        [],
        [],
        color=GREY,
        ls=DASHES[trained],
        marker="o",
        markersize=4,
        markerfacecolor=face,
        lw=1.4,
        label=TRAINED[trained],
    )


def _title(spec: Mapping[str, Any]) -> str:
    title = f"Robustness to noise, corpus {spec['corpus']}"
    if not spec.get("note"):
        return title
    return "\n".join([title, *textwrap.wrap(f"Note: {spec['note']}", 84)])


def _caption(own: Sequence[Level]) -> str:
    bounds = [one.score(trained) for one in own for trained in TRAINED]
    reach = median((s[2] - s[1]) / 2 for s in bounds if s is not None)
    return (
        f"Honest reading, means over trainings. The 95 % bootstrap interval of one point reaches "
        f"about {reach:.2f} to either side,\nover {own[0].clips} clips that all points share; "
        "robustness.csv has all intervals, and those of the paired differences."
    )
