"""Run ``snakemake --lint`` and fail on any finding but one.

The demand for a conda environment or container for each rule is left out by name: one environment
serves all rules.
"""

import subprocess
import sys

LEFT_OUT = "Specify a conda environment or container for each rule."


def findings(text: str) -> list[str]:
    """Return every other finding as ``place: title``, from the linter's text."""
    place, found = "", []
    for line in text.splitlines():
        if line.startswith("Lints for "):
            place = line.removeprefix("Lints for ").rstrip(":")
        elif line.startswith("    * ") and (title := line[6:].rstrip(":")) != LEFT_OUT:
            found.append(f"{place}: {title}")
    return found


if __name__ == "__main__":
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint"], capture_output=True, text=True
    )
    text = done.stdout + done.stderr
    found = findings(text)
    if found or "Lints for " not in text:
        sys.exit("\n".join(found) or f"snakemake --lint did not run:\n{text}")
    print("snakemake --lint: nothing but the environments left out by name")
