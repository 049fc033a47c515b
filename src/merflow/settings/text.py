"""The text of ``params.yaml``, with what its values alone no longer show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from merflow.errors import MerflowError
from merflow.settings.sentences import FILE, where_of


def read(file: Path, name: str = FILE) -> Any:
    """Return what a file of settings holds, whatever that is.

    Args:
        file: The settings.
        name: What sentences call it.

    Raises:
        MerflowError: It is no YAML, with line and column, or a key stands twice in one mapping.
            Readers of YAML would take the last of them without a word.
        OSError: It cannot be read.
    """
    try:
        loader = yaml.SafeLoader(file.read_text(encoding="utf-8"))
        try:
            node = loader.get_single_node()
            for where, lines in _repeated(node, (), set()):
                raise MerflowError(_twice(name, where, lines))
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MerflowError(
            f"{name} is no YAML ({' '.join(str(error).split())}); mend it, or begin again with "
            "`merflow use`, which keeps what is there"
        ) from error


def _repeated(
    node: yaml.Node | None, path: tuple[Any, ...], seen: set[int]
) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
    """Yield each key that stands several times in its mapping: its path and its lines, from 1.

    ``seen`` holds the nodes that were looked at: an alias may name what it stands in.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _repeated(value, (*path, i), seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], list[int]] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):  # no other is a key of settings
                lines.setdefault((key.tag, key.value), []).append(key.start_mark.line + 1)
        yield from (((*path, key), at) for (_, key), at in lines.items() if len(at) > 1)
        for key, value in node.value:
            yield from _repeated(value, (*path, key.value), seen)


def _twice(name: str, where: tuple[Any, ...], lines: list[int]) -> str:
    """Return what to say of a key that stands on these lines."""
    times = "twice" if len(lines) == 2 else f"{len(lines)} times"
    *others, last = map(str, dict.fromkeys(lines))
    at = f"lines {', '.join(others)} and {last}" if others else f"line {last}"
    return f"{name}: key {where_of(where)} stands {times} ({at}); keep one"
