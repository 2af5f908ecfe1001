"""Setting single fields in the text of a card; all else, comments and order, stays as it is."""

import re
from collections.abc import Mapping, Sequence

import yaml

from mmbench.errors import CardError

Value = str | Mapping[str, str]
INDENT = 2


def set_field(text: str, path: Sequence[str], value: Value, *, after: Sequence[str]) -> str:
    """The card's text with `value` at `path`, e.g. ("source", "revision").

    A field that is there has its value replaced; else it is written behind the last of `after` that
    stands in the same mapping, or, if none does, at its end. A mapping is written line by line.
    CardError if the mapping that `path` leads to is absent.
    """
    outer = _mapping(text, path[:-1])
    name = path[-1]
    for key, old in outer.value:
        if key.value == name:
            return _replaced(text, old, name, value)
    if outer.flow_style:
        if not isinstance(value, str):
            text = _in_lines(text, outer)
            return set_field(text, path, value, after=after)
        return _inserted_in_flow(text, outer, name, value, after)
    return _inserted_in_lines(text, outer, name, value, after)


def _mapping(text: str, path: Sequence[str]) -> yaml.MappingNode:
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in path:
        found = [v for k, v in _pairs(node) if k.value == name]
        node = found[0] if found else None
    if not isinstance(node, yaml.MappingNode):
        raise CardError(f"{'.'.join(path) or 'the card'} is no mapping of fields")
    return node


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _replaced(text: str, old: yaml.Node, name: str, value: Value) -> str:
    if not isinstance(value, str):
        raise CardError(f"{name} is there already; remove it first")
    start, end = old.start_mark.index, old.end_mark.index
    gap = "" if start and text[start - 1] in " \n" else " "  # of `revision:` with nothing behind it
    return text[:start] + gap + _scalar(value) + text[end:]


def _inserted_in_flow(
    text: str, outer: yaml.MappingNode, name: str, value: str, after: Sequence[str]
) -> str:
    """`{via: hub, repo: a/b}` → `{via: hub, repo: a/b, revision: 01ab…}`."""
    where = _last_of(outer, after)
    at = where[1].end_mark.index if where else text.rindex("}", 0, outer.end_mark.index)
    return f"{text[:at]}, {name}: {_scalar(value)}{text[at:]}"


def _inserted_in_lines(
    text: str, outer: yaml.MappingNode, name: str, value: Value, after: Sequence[str]
) -> str:
    """A line, or lines, behind those of the field it follows."""
    key, before = _last_of(outer, after) or outer.value[-1]
    margin = " " * outer.value[0][0].start_mark.column
    lines = text.splitlines(keepends=True)
    at = _line_behind(lines, key, before)
    if lines[at - 1 : at] and not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    return "".join([*lines[:at], *_written(name, value, margin), *lines[at:]])


def _line_behind(lines: list[str], key: yaml.Node, value: yaml.Node) -> int:
    """The number of lines up to the end of a field; a block's end mark is the start of what
    follows it, comments and blank lines included."""
    end = value.end_mark.line + (1 if value.end_mark.column else 0)
    end = max(end, key.start_mark.line + 1)
    if isinstance(value, yaml.ScalarNode) and value.style not in ("|", ">"):
        return end
    if isinstance(value, yaml.CollectionNode) and value.flow_style:
        return end
    column = key.start_mark.column
    at = key.start_mark.line + 1
    last = at
    while at < min(end, len(lines)):
        line = lines[at]
        if line.strip() and not line.lstrip().startswith("#") and _margin(line) > column:
            last = at + 1
        at += 1
    return last


def _in_lines(text: str, outer: yaml.MappingNode) -> str:
    """The same text with a mapping in braces written line by line."""
    line = (
        text.rindex("\n", 0, outer.start_mark.index) + 1
        if "\n" in text[: outer.start_mark.index]
        else 0
    )
    margin = " " * (len(text[line:]) - len(text[line:].lstrip(" ")) + INDENT)
    fields = [f"\n{margin}{text[k.start_mark.index : v.end_mark.index]}" for k, v in outer.value]
    start = outer.start_mark.index
    return text[:start].rstrip(" ") + "".join(fields) + text[outer.end_mark.index :]


def _last_of(outer: yaml.MappingNode, names: Sequence[str]) -> tuple[yaml.Node, yaml.Node] | None:
    """The last field of these names, as they are ordered there."""
    for name in reversed(names):
        for key, value in outer.value:
            if key.value == name:
                return key, value
    return None


def _written(name: str, value: Value, margin: str) -> list[str]:
    if isinstance(value, str):
        return [f"{margin}{name}: {_scalar(value)}\n"]
    inner = margin + " " * INDENT
    return [
        f"{margin}{name}:\n",
        *(f"{inner}{_scalar(key)}: {_scalar(each)}\n" for key, each in value.items()),
    ]


def _scalar(value: str) -> str:
    """Plain where YAML reads the very string, in quotes where it would read something else."""
    plain = re.fullmatch(r"[A-Za-z0-9][\w./+-]*( [\w./+-]+)*", value)
    number = re.fullmatch(r"[0-9._eE+-]+", value)  # YAML 1.2's, some of which 1.1 reads as words
    if plain and not number and isinstance(yaml.safe_load(value), str):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
