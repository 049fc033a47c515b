"""All checks in their order; none of them can end the others."""

from collections.abc import Container, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

from merflow import settings
from merflow.corpus.finding import Finding, of_error
from merflow.doctor.case import Case, find_settings, read_config, read_schema
from merflow.doctor.checks import CHECKS, Check
from merflow.doctor.words import listed
from merflow.errors import MerflowError
from merflow.settings.sentences import FILE


def examine(start: Path, measure: bool) -> Iterator[tuple[str, list[Finding]]]:
    """Yield (title, findings) of each section, as soon as it has been looked at.

    Args:
        start: The nearest ``params.yaml`` at this folder or above is taken.
        measure: Run each encoder on one clip to measure it.
    """
    try:
        folder = find_settings(start)
    except MerflowError as error:
        yield "settings", [of_error(error)]
        return
    with chdir(folder):
        title = f"settings {folder / FILE}"
        try:
            config, schema = read_config(), read_schema()
        except MerflowError as error:
            yield title, [of_error(error)]
            return
        wrong, findings = _settings(config, schema)
        yield title, findings
        if not isinstance(config, dict):
            return
        case, unsound = Case(config, measure, wrong), findings[0].level == "error"
        told: set[tuple[str, str]] = set()
        for check in CHECKS:
            found = list(_guarded(check, case, unsound, told))
            told |= {(one.what, one.todo) for one in found}
            if found:  # none where all has been told in a section before
                yield check.title, found


def _settings(config: Any, schema: dict[str, Any]) -> tuple[frozenset[str], list[Finding]]:
    """Return the sections that have a wrong form, and all that is wrong with the settings."""
    told = [of_error(MerflowError(one)) for one in settings.problems(config, schema)]
    wrong = frozenset(settings.misformed(config, schema))
    if wrong and isinstance(config, dict):
        told.append(
            Finding(
                "warning",
                f"whether {listed(sorted(wrong))} agree{'s' * (len(wrong) == 1)} with the "
                "other sections is not looked at, as the form is wrong",
                "mend what is told above, and call this again",
            )
        )
    return wrong, told or [Finding("fine", "whole, and its parts agree with each other")]


def _guarded(
    check: Check, case: Case, unsound: bool, told: Container[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield a check's findings; that it cannot be made is a finding too.

    Args:
        check: The check.
        case: What it looks at.
        unsound: Whether anything is wrong with the settings.
        told: What the checks before have said, and what to do. Why the clips or their lengths are
            not known meets every check that needs them: it is told in full once.
    """
    unfit = [section for section in check.needs if section in case.wrong]
    if unfit:
        yield Finding(
            "warning",
            f"not looked at, as {listed(unfit)} of {FILE} cannot be read as settings",
            "mend what is told above, and call this again",
        )
        return
    try:
        yield from check.look(case)
    except MerflowError as error:
        one = of_error(error)
        if (one.what, one.todo) not in told:
            yield one
        else:
            what = f"{check.amount}: not estimated" if check.amount else "not looked at"
            yield Finding(
                "warning",
                f"{what}, for a reason that is told above",
                "mend that, and call this again",
            )
    except OSError as error:
        place = f"{error.filename or 'a file'}"
        yield Finding(
            "error", f"{place} cannot be read ({error.strerror})", "correct its permissions"
        )
    except Exception as error:  # a doctor that fails helps nobody
        if "Symlink loop" in str(error):
            yield Finding("error", str(error), "mend the link, or name another path")
            return
        if unsound:
            what, todo = "the settings are wrong", "mend what is told above, and call this again"
        else:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            todo = "this is a fault of merflow: please report it with this line"
        yield Finding("warning", f"not looked at to the end ({what})", todo)
