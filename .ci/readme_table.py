"""Put the demo's Table 1 into the README, or say that it is not the one that is there.

``python .ci/readme_table.py`` writes, ``--check`` exits with 1 if there was something to write.
"""

import csv
import sys
from pathlib import Path

README, TABLE = Path("README.md"), Path("results/tables/demo/table1.csv")
BEGIN, END = "<!-- table1: made by `make readme` -->\n", "<!-- end of table1 -->"
COLUMNS = [
    ("Train&Val", "Dis"),
    ("Train&Val", "Dim"),
    ("Train&Val", "Com"),
    ("MER-MULTI", "Com"),
    ("MER-NOISE", "Com"),
]
PLACES = 3


def page(rows: list[dict[str, str]]) -> str:
    """Return the honest reading's scores as Markdown, a system a row."""
    cells = {
        (row["system"], row["row"], row["metric"]): row
        for row in rows
        if row["reading"] == "honest"
    }
    systems = list(dict.fromkeys(row["system"] for row in rows))
    heads = ["System", *(f"{row} {metric}" for row, metric in COLUMNS)]
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for system in systems:
        # A system that some row is not trained for is none of the paper's.
        if "(equal weights)" in system or any((system, *c) not in cells for c in COLUMNS):
            continue
        found = [_cell(cells[system, *column]) for column in COLUMNS]
        lines.append(f"| {system} | {' | '.join(found)} |")
    return "\n".join(lines)


def _cell(row: dict[str, str]) -> str:
    return f"{float(row['ours']):.{PLACES}f}"


def main() -> int:
    """Write or check; return the exit status."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    with TABLE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    wanted = f"{head}{BEGIN}{page(rows)}\n{END}{tail}"
    if "--check" in sys.argv:
        if wanted != text:
            print("README.md has another Table 1 than results/: run `make readme`")
        return int(wanted != text)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
