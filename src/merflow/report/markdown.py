"""Tables and numbers in Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table, its columns padded so that the source reads well too.

    The first column is set left, the others right.
    """
    cells = [[str(cell).replace("|", "\\|") for cell in line] for line in (header, *rows)]
    widths = [max(3, *(len(line[k]) for line in cells)) for k in range(len(header))]
    rule = [
        "-" * widths[0] if k == 0 else "-" * (width - 1) + ":" for k, width in enumerate(widths)
    ]
    lines = []
    for line in (cells[0], rule, *cells[1:]):
        padded = [
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(padded)} |")
    return "\n".join(lines) + "\n"


def with_interval(value: float, bounds: Sequence[float], decimals: int, sign: str = "") -> str:
    """Return ``0.6055 [0.581, 0.630]``: the interval has one decimal less.

    Args:
        value: The number.
        bounds: (low, high).
        decimals: Of the number.
        sign: ``"+"`` prints the sign of positive numbers too.
    """
    low, high = (f"{bound:{sign}.{max(decimals - 1, 1)}f}" for bound in bounds)
    return f"{value:{sign}.{decimals}f} [{low}, {high}]"


def paired_over(seeds: Sequence[int]) -> str:
    """Return what the paired interval of a difference covers, as words.

    Args:
        seeds: Of the trainings; one alone cannot be resampled.
    """
    if len(seeds) > 1:
        return f"over clips and trainings, whose spread {len(seeds)} of them understate"
    return "over clips; it does not cover the seed, of which there is one"


def listed(words: Iterable[str]) -> str:
    """Return ``a, b and c``; there must be one word at least."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, noun: str) -> str:
    """Return ``1 clip`` or ``2 clips``, of a noun whose plural has an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def p_value(p: float) -> str:
    """Return a p-value with two digits that count, below .001 as such."""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.2g}" if p < 0.1 else f"{p:.2f}"
