"""Names of the best layers in Figure 4, placed where nothing else is in the way."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, cast

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, BboxBase

Side = Literal["left", "center", "right"]

MOST = 3
LONGEST = 8  # characters of a layer's name
DISTANCES = (8, 13, 19, 26, 34, 43, 53)
DIRECTIONS = (90, -90, 180, 0, 135, 45, -135, -45, 112, 68, -112, -68)


def name_best_layers(axes: Axes, lines: Sequence[pd.DataFrame], colours: Sequence[str]) -> None:
    """Write the names of each line's best layers: a third of them, at most three.

    Args:
        axes: Their layout must be final.
        lines: Columns encoder, layer, depth, value; one frame a line.
        colours: Of the lines.
    """
    obstacles = np.concatenate([_samples(axes, line) for line in lines])
    taken: list[Bbox] = []
    for k, line in enumerate(lines):
        count = min(MOST, math.ceil(len(line) / 3))
        best = line.sort_values(["value", "depth"], ascending=False).head(count)
        for row in best.sort_values("depth").itertuples(index=False):
            (text,), place = layer_names(pd.DataFrame([row])), (row.depth, row.value)
            taken.append(_write(axes, text, place, colours[k % len(colours)], obstacles, taken))


def layer_names(layers: pd.DataFrame) -> list[str]:
    """Return what layers are called in the figure, ``HL(18)``.

    Args:
        layers: Columns encoder and layer.
    """
    return [f"{row.encoder}({_short(row.layer)})" for row in layers.itertuples()]


def _short(layer: str) -> str:
    """Cut long names; the csv has them whole."""
    return layer if len(layer) <= LONGEST else f"{layer[: LONGEST - 1]}…"


def _samples(axes: Axes, line: pd.DataFrame) -> Float[np.ndarray, "points 2"]:
    """Return points along a line, in pixels, its markers counted more often."""
    at = axes.transData.transform(line[["depth", "value"]].to_numpy(float))
    steps = np.linspace(0, 1, 60)[:, None, None]
    between = (at[:-1] + steps * (at[1:] - at[:-1])).reshape(-1, 2)
    return np.concatenate([between, *[at] * 60])


def _write(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    colour: str,
    obstacles: Float[np.ndarray, "points 2"],
    taken: Sequence[Bbox],
) -> Bbox:
    """Write one name near its marker, where it hides little."""
    note = axes.annotate(
        text,
        place,
        xytext=(0, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
        color=colour,
        zorder=1.9,  # above the bands, below lines and markers
        path_effects=[withStroke(linewidth=1.8, foreground="white")],
        arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 0, "shrinkB": 3},
    )
    start, costs = axes.transData.transform(place), []
    for dx, dy, side in _offsets():
        box = _move(note, dx, dy, side)
        end = start + np.array([dx, dy]) * axes.figure.dpi / 72
        leader = start + np.linspace(0.2, 1, 20)[:, None] * (end - start)
        crossed = sum(other.count_contains(leader) for other in taken)
        far = math.hypot(dx, dy) - DISTANCES[0]
        covered = _covered(box, axes.get_window_extent(), obstacles, taken)
        costs.append(far + 100 * crossed + covered)
    return _move(note, *list(_offsets())[int(np.argmin(costs))])


def _offsets() -> Iterator[tuple[float, float, Side]]:
    """Yield (x, y) in points and the side of the text that is set there, near ones first."""
    for distance in DISTANCES:
        for angle in DIRECTIONS:
            dx = distance * math.cos(math.radians(angle))
            dy = distance * math.sin(math.radians(angle))
            yield dx, dy, "center" if abs(dx) < 1 else "left" if dx > 0 else "right"


def _move(note: Annotation, dx: float, dy: float, side: Side) -> Bbox:
    note.set_position((dx, dy))
    note.set_horizontalalignment(side)
    cast(FancyArrowPatch, note.arrow_patch).set_visible(math.hypot(dx, dy) > DISTANCES[0] + 1)
    renderer = cast(FigureCanvasAgg, note.figure.canvas).get_renderer()
    note.update_positions(renderer)
    # The text alone: the line to the marker may pass by other things.
    return Bbox(super(Annotation, note).get_window_extent(renderer)).padded(3)


def _covered(
    box: Bbox, frame: BboxBase, obstacles: Float[np.ndarray, "points 2"], taken: Sequence[Bbox]
) -> float:
    """Return how much a name hides; leaving the axes or hiding another name is out of question."""
    outside = not (frame.x0 <= box.x0 and box.x1 <= frame.x1)
    outside |= not (frame.y0 <= box.y0 and box.y1 <= frame.y1)
    names = sum(bool(box.overlaps(other)) for other in taken)
    return 2 * box.padded(5).count_contains(obstacles) + 1e3 * names + 1e5 * outside
