"""Figure 4 of the paper: scores of unimodal probes over the relative depth of their layer.

The bytes of both files depend on the values alone: no date, fixed ids, no software name.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from merflow.report.figure_labels import MOST, layer_names, name_best_layers
from merflow.report.naming import Naming
from merflow.storage.atomic import replacing

# Okabe and Ito's colours, told apart by colour-blind readers; markers tell them apart in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#555555"
WIDEST = 84  # characters of a line of the title
ABREAST = 7  # names of layers below the figure that need no turning
ASIDE = 0.08  # between points that share a depth and lie on no line
STYLE: dict[Any, Any] = {
    "axes.edgecolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "merflow",
}
AXIS_LABEL = {
    "Com": "Com = weighted F1 - 0.25 MSE",
    "Dis": "weighted F1",
}


def draw(curve: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Return the figure.

    Where no encoder has layers of several depths there is no line to draw: the layers then stand
    side by side, named below.

    Args:
        curve: From :func:`merflow.report.layers.curve`.
        spec: ``corpus``, ``note``, ``bootstrap``, ``kind`` and what
            :meth:`merflow.report.naming.Naming.of` takes.
    """
    # The csv has both readings; two lines a layer would hide each other.
    curve = curve[curve["reading"] != "organiser"]
    metric = Naming.of(spec).main
    shown, named = _side_by_side(curve[curve["metric"] == metric]), False
    if shown.loc[shown["encoder"] != "constant", "flat"].all():
        shown, named = _in_places(curve[curve["metric"] == metric]), True
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.6), dpi=200, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        encoders = [name for name in dict.fromkeys(shown["encoder"]) if name != "constant"]
        for k, encoder in enumerate(encoders):
            _line(axes, shown[shown["encoder"] == encoder], "" if named else encoder, k)
        constant = float(shown[shown["encoder"] == "constant"]["value"].iloc[0])
        axes.axhline(constant, color=GREY, lw=1, ls=(0, (4, 3)), label="constant predictor")
        if named:
            _name_places(axes, shown[shown["encoder"] != "constant"])
        else:
            axes.set_xlabel("relative depth of the layer in its model")
            axes.set_xlim(-0.03, 1.08)
        axes.set_ylabel(f"{AXIS_LABEL[metric]}, on Train&Val")
        axes.margins(y=0.14)
        axes.grid(axis="y", color="#dddddd", lw=0.6)
        axes.set_axisbelow(True)
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=8, frameon=False, borderaxespad=0.2
        )
        figure.suptitle(_title(spec), fontsize=10)
        caption = _caption(spec, None if named else bool(shown["moved"].any()))
        figure.supxlabel(caption, fontsize=7, color=GREY)
        if named:
            return figure
        # The layout must stand before labels are placed, and must not move for them.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        lines, colours = [], []
        for k, encoder in enumerate(encoders):
            own = shown[shown["encoder"] == encoder]
            parts = [own.iloc[[i]] for i in range(len(own))] if own["flat"].all() else [own]
            lines += parts
            colours += [COLOURS[k % len(COLOURS)]] * len(parts)
        name_best_layers(axes, lines, colours)
    return figure


def _side_by_side(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the curve with what lies on no line set apart: ``flat``, and whether ``moved``.

    An encoder whose layers are all at one depth (MFCC and prosody, or a single layer) gives points;
    those of one depth stand beside each other, the last of them at that depth.
    """
    depths = curve.groupby("encoder")["depth"].transform("nunique")
    curve = curve.assign(flat=(depths == 1) & (curve["encoder"] != "constant"))
    flat = curve[curve["flat"]]
    behind = flat.groupby("depth").cumcount(ascending=False).reindex(curve.index, fill_value=0)
    return curve.assign(depth=curve["depth"] - ASIDE * behind, moved=behind > 0)


def _in_places(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the curve with a place for each layer, in the order of the csv, in the depth's."""
    rows = curve["encoder"] != "constant"
    told = [f"{row.depth:g}" for row in curve[rows].itertuples()]
    names = layer_names(curve[rows])
    curve = curve.assign(flat=rows, moved=False, name="")
    curve.loc[rows, "name"] = [f"{name}\n{depth}" for name, depth in zip(names, told, strict=True)]
    return curve.assign(depth=np.where(rows, np.arange(len(curve)), np.nan))


def _name_places(axes: Axes, layers: pd.DataFrame) -> None:
    """Name each layer below its place."""
    axes.set_xticks(layers["depth"], layers["name"].tolist())
    if len(layers) > ABREAST:
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_xlabel("layer, and its relative depth in its model")
    axes.set_xlim(layers["depth"].min() - 0.5, layers["depth"].max() + 0.5)


def _line(axes: Axes, own: pd.DataFrame, label: str, k: int) -> None:
    """Draw an encoder's scores; an empty label keeps it out of the legend."""
    colour, flat = COLOURS[k % len(COLOURS)], bool(own["flat"].all())
    if flat:
        axes.vlines(own["depth"], own["low"], own["high"], color=colour, alpha=0.35, lw=4)
    else:
        axes.fill_between(own["depth"], own["low"], own["high"], color=colour, alpha=0.13, lw=0)
    axes.plot(
        own["depth"],
        own["value"],
        color=colour,
        marker=MARKERS[k % len(MARKERS)],
        markersize=5,
        lw=1.5,
        ls="" if flat else "-",
        label=label,
    )


def _title(spec: Mapping[str, Any]) -> str:
    what = "Linear unimodal probes" if spec["kind"] == "linear" else "Unimodal probes"
    title = f"{what} by layer, corpus {spec['corpus']}"
    if not spec.get("note"):
        return title
    return "\n".join([title, *textwrap.wrap(f"Note: {spec['note']}", WIDEST)])


def _caption(spec: Mapping[str, Any], moved: bool | None) -> str:
    """Return what is below the figure; ``moved`` is None where every layer is named."""
    draws = spec["bootstrap"]["draws"]
    if moved is None:
        return (
            f"Bars: 95 % bootstrap intervals over clips ({draws} draws). Honest reading; "
            "figure4.csv has both."
        )
    beside = " Points side by side share the depth of the last." if moved else ""
    return (
        f"Bands: 95 % bootstrap intervals over clips ({draws} draws). Honest reading.{beside}\n"
        f"Named: the layers of each encoder with the best score shown here, a third of them, "
        f"{MOST} at most; figure4.csv has all, in both readings."
    )


def save(figure: Figure, svg: Path, png: Path) -> None:
    """Write both files; the same figure gives the same bytes."""
    with mpl.rc_context(STYLE):
        with replacing(svg) as temporary:
            metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
            figure.savefig(temporary, format="svg", metadata=metadata)
        with replacing(png) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})
