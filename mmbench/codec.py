"""YAML cards and JSON records ↔ types, strictly.

YAML is read by the 1.2 core schema, in which `no` is a string, `2e-5` a float and `12:30:00` a
string; tags, anchors and repeated keys are refused. A value must have the field's own type, an
unknown field is an error, and every error names its file and line.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from mmbench.cards import Card, ModelCard, Recipe, Suite, TaskCard
from mmbench.errors import CardError, StoreError, did_you_mean
from mmbench.records import FORMAT, Record

C = TypeVar("C", ModelCard, TaskCard, Recipe, Suite)
T = TypeVar("T")
Location = tuple[str | int, ...]
Tree = Any  # JSON values: None, bool, int, float, str, list, dict


def load_card(cls: type[C], path: Path) -> C:
    """Read one card. CardError names the file, the line and the field."""
    data, lines = _parse_yaml(path)
    try:
        card = _adapter(cls).validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise CardError(_explain(error, cls, path, lines)) from None
    if card.name != path.stem:
        raise CardError(f"{path}: name is {card.name!r}; it must be the file's name, {path.stem!r}")
    return card


def dump_json(value: object) -> bytes:
    """A record, or any of its parts, as indented JSON."""
    return _adapter(type(value)).dump_json(value, indent=1)


def load_json(cls: type[T], text: bytes) -> T:
    return _adapter(cls).validate_json(text, strict=True)


def load_record(text: bytes, where: Path) -> Record:
    """Read a record of this format or an older one; StoreError for a newer or broken one."""
    try:
        written = json.loads(text)["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{where}: not a record ({error})") from None
    if written > FORMAT:
        raise StoreError(
            f"{where}: format {written} was written by a newer mmbench; this one reads up to "
            f"{FORMAT}. Upgrade mmbench."
        )
    try:
        return load_json(Record, text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{where}: {place}: {first['msg']}") from None


# ------------------------------------------------------------------------------- types


@cache
def _adapter(cls: type[T]) -> TypeAdapter[T]:
    for nested in _dataclasses(cls, set()):
        # the cards themselves know nothing of pydantic; strictness is this module's business
        setattr(nested, "__pydantic_config__", ConfigDict(extra="forbid"))  # noqa: B010
    return TypeAdapter(cls)


def _dataclasses(hint: Any, seen: set[type]) -> Iterator[type]:
    """Every dataclass that a type's fields reach, itself included."""
    if isinstance(hint, type) and is_dataclass(hint) and hint not in seen:
        seen.add(hint)
        yield hint
        for inner in get_type_hints(hint).values():
            yield from _dataclasses(inner, seen)
    for inner in get_args(hint):
        yield from _dataclasses(inner, seen)


def _explain(
    error: ValidationError, cls: type[Card], path: Path, lines: dict[Location, int]
) -> str:
    """One line for each thing wrong, with the line of the file."""
    errors = error.errors(include_url=False)
    # a union reports every member; the ones whose `via` differs are not what was meant
    other = {
        e["loc"][:-1] for e in errors if e["type"] == "literal_error" and e["loc"][-1] == "via"
    }
    meant = [e for e in errors if not any(e["loc"][: len(o)] == o for o in other)] or errors
    messages = []
    for item in meant:
        location = tuple(part for part in item["loc"] if (part,) != ("",))
        known = [part for part in _known_prefix(location, lines)]
        line = lines[tuple(known)]
        place = ".".join(str(part) for part in known) or cls.__name__
        messages.append(f"{path}:{line}: {place}: {_message(item, cls)}")
    return "\n".join(dict.fromkeys(messages))


def _known_prefix(location: Location, lines: dict[Location, int]) -> Location:
    """The part of pydantic's location that stands in the file (it adds the union's members)."""
    prefix: Location = ()
    for part in location:
        if prefix + (part,) in lines:
            prefix += (part,)
    return prefix


def _message(item: Any, cls: type[Card]) -> str:
    if item["type"] == "unexpected_keyword_argument":
        known = cls.__dataclass_fields__ if len(item["loc"]) == 1 else ()
        return f"unknown field{did_you_mean(str(item['loc'][-1]), known)}"
    if item["type"] == "missing":
        return f"field {item['loc'][-1]!r} is missing"
    message: str = item["msg"]
    if item["type"] == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]} (found {item['input']!r})"


# -------------------------------------------------------------------------------- YAML


class _Yaml12(yaml.CSafeLoader):
    """The core schema of YAML 1.2 in place of 1.1's."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_SCALARS = {
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", "~nN", lambda text: None),
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF", lambda t: t[0] in "tT"),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+", "-+0123456789", int),
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        "-+0123456789.",
        float,
    ),
    "tag:yaml.org,2002:str": (r"(?!)", "", str),
}
for _tag, (_pattern, _first, _) in _SCALARS.items():
    if _first:
        _Yaml12.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), [*_first, ""])


def _parse_yaml(path: Path) -> tuple[Tree, dict[Location, int]]:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Yaml12)
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise CardError(f"{path}: not YAML: {str(error).replace(chr(10), ' ')}") from None
    if not isinstance(node, yaml.MappingNode):
        raise CardError(f"{path}: a card is a mapping of fields")
    lines: dict[Location, int] = {}
    return _build(node, (), lines, path, set()), lines


def _build(
    node: yaml.Node, at: Location, lines: dict[Location, int], path: Path, seen: set[int]
) -> Tree:
    line = node.start_mark.line + 1
    lines[at] = line
    if id(node) in seen:
        raise CardError(f"{path}:{line}: anchors and aliases are not used in cards")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str) or key in built:
                raise CardError(f"{path}:{key_node.start_mark.line + 1}: {key!r} stands twice")
            built[key] = _build(value_node, (*at, key), lines, path, seen)
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(n, (*at, i), lines, path, seen) for i, n in enumerate(node.value)]
    if node.tag not in _SCALARS:
        raise CardError(f"{path}:{line}: the tag {node.tag} is not allowed in cards")
    return _SCALARS[node.tag][2](node.value)
