"""What ``params.yaml`` must say of a corpus that comes in a layout of its own."""

from collections.abc import Iterator
from typing import Any

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.settings.sentences import FILE


def check_adapter(config: dict[str, Any]) -> Iterator[str]:
    """Check that the settings of such a corpus are what its adapter can read.

    Yields a sentence for each key that is not, with what is allowed.
    """
    corpus = config["corpus"]
    name, adapter = corpus["adapter"], ADAPTERS.get(corpus["adapter"])
    if adapter is None:
        return
    schemes = ("random", *adapter.folds)
    wanted = [
        ("root", corpus["root"] is not None, "the folder of the corpus"),
        ("csv", corpus["csv"] is None, "null, as the corpus has its own label files"),
        (
            "classes",
            set(corpus["classes"]) == set(adapter.classes),
            f"{', '.join(adapter.classes)}, in any order",
        ),
        ("valence", adapter.valence is not None or not corpus["valence"], "false, as it has none"),
        (
            "com",
            adapter.com or not corpus["com"],
            "false, as Com is defined on MER 2023's scale of the valence, -5 to 5, on which it has "
            "none",
        ),
        ("tests", set(corpus["tests"]) <= set(adapter.tests), _some_of(adapter.tests)),
    ]
    for key, fits, allowed in wanted:
        if not fits:
            yield (
                f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter {name}: {allowed}"
            )
    if corpus["folds"]["scheme"] not in schemes:
        yield (
            f"{FILE}: corpus.folds.scheme is {corpus['folds']['scheme']!r}; allowed with adapter "
            f"{name}, which tells nothing else of its clips: {', '.join(schemes)}"
        )


def _some_of(tests: tuple[str, ...]) -> str:
    return f"any of {', '.join(tests)}" if tests else "[], as all its clips are train"
