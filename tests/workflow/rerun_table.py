"""The rerun table, ``workflow/rerun.yaml``: what it says, and its form in ``docs/rerun.md``.

``python tests/workflow/rerun_table.py`` writes the tables of the page anew.
"""

import copy
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rerun.md"
TABLE = yaml.safe_load((ROOT / "workflow" / "rerun.yaml").read_text(encoding="utf-8"))
# Rules for which the preset ``small`` has no systems: plain ones with noisy copies, the paper's
# pairs, the four of losses and decoders, the challenge's own.
NOT_IN_SMALL = {
    "fusion_train_plain_noise",
    "report_jdev",
    "report_loss_decoder",
    "report_challenge",
}
# One job trains some systems; which of them does not matter here.
GROUP = re.compile(r"(fusion_train(?:_[a-z]+)+)_\d+")

Entry = dict[str, Any]


def leaves(settings: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield every setting's dotted name; a list is one setting."""
    for key, value in settings.items():
        name = f"{above}{key}"
        if isinstance(value, dict):
            yield from leaves(value, f"{name}.")
        else:
            yield name


def entries_of(setting: str) -> list[Entry]:
    """Return the entries that a setting belongs to."""
    return [
        entry
        for entry in TABLE["settings"]
        if any(fnmatchcase(setting, pattern) for pattern in entry["settings"])
    ]


def entry_of(setting: str) -> Entry:
    """Return the entry that a setting belongs to."""
    (entry,) = entries_of(setting)
    return entry


def value_of(settings: dict[str, Any], setting: str) -> Any:
    """Return the value of a setting by its dotted name."""
    for key in setting.split("."):
        settings = settings[key]
    return settings


def edited(settings: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    """Return the settings after an edit: dotted name -> value; ``NAME+`` appends to a list."""
    settings = copy.deepcopy(settings)
    for name, value in edit.items():
        above, _, key = name.rstrip("+").rpartition(".")
        node = value_of(settings, above)
        node[key] = [*node[key], *value] if name.endswith("+") else value
    return settings


def rules_of(steps: list[str]) -> set[str]:
    """Return the rules of steps, which may stand for other steps."""
    named = TABLE["steps"]
    return {rule for step in steps for rule in (rules_of(named[step]) if step in named else {step})}


def without_numbers(jobs: dict[str, int]) -> set[str]:
    """Return the rules of jobs, the trainings without the number of their group."""
    return {GROUP.sub(r"\1", rule) for rule in jobs}


def expected(entry: Entry) -> set[str]:
    """Return the rules that run in the preset ``small``, by the table."""
    return rules_of(entry["run"]) - rules_of(entry.get("spared", [])) - NOT_IN_SMALL


def tables() -> dict[str, str]:
    """Return the tables of the page by the name of their place."""
    settings = [_row(", ".join(map(_code, e["settings"])), e) for e in TABLE["settings"]]
    code = [_row(_code(f"src/merflow/{entry['file']}"), entry) for entry in TABLE["code"]]
    steps = [
        f"| {step} | {', '.join(map(_step, members))} |" for step, members in TABLE["steps"].items()
    ]
    return {
        "settings": "\n".join([_head("setting"), *settings]),
        "code": "\n".join([_head("for example"), *code]),
        "steps": "\n".join(["| step | rules |", "|---|---|", *steps]),
    }


def page(text: str) -> str:
    """Return the page with its tables as they have to be."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: made from workflow/rerun.yaml -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"{PAGE} has no place for the table {name}: {begin} ... {end}")
        text = f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return text


def _head(first: str) -> str:
    return f"| {first} | what runs | what of it computes anew | |\n|---|---|---|---|"


def _row(first: str, entry: Entry) -> str:
    run, anew = (", ".join(entry[key]) for key in ("run", "anew"))
    return f"| {first} | {run or 'nothing'} | {anew or '-'} | {entry.get('note', '')} |"


def _step(name: str) -> str:
    return name if name in TABLE["steps"] else _code(name)


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
