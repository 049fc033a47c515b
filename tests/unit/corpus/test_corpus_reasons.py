import re
from pathlib import Path

from merflow.media.limits import LIMITS, LONGEST_S, MAX_PIXELS
from merflow.media.reasons import REASONS

PAGE = Path(__file__).parents[3] / "docs" / "corpora.md"


def meanings() -> dict[str, str]:
    """The table of reasons in the page."""
    table = PAGE.read_text(encoding="utf-8").partition("| reason | what it means |\n")[2]
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table.partition("\n\n")[0], re.MULTILINE))


def test_the_page_has_every_reason_and_no_other():
    assert tuple(meanings()) == REASONS


def test_the_page_has_the_limits():
    said = meanings()
    assert f"{LONGEST_S:g} s" in said["too_long"]
    assert f"{MAX_PIXELS:,} pixels" in said["too_large"]
    assert f"{LIMITS.memory / 2**30:g} GiB" in said["too_large"]
    assert f"{LIMITS.cpu_s:g} s of computing" in said["too_slow"]
    assert f"{LIMITS.wall_s:g} s by the clock" in said["too_slow"]
