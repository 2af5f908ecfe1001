"""YAML cards and JSON records ↔ types, strictly.

YAML is read by the 1.2 core schema, in which `no` is a string, `2e-5` a float and `12:30:00` a
string; tags, anchors and repeated keys are refused. A value must have the field's own type, an
unknown field is an error, and every error names its file and line.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from mmbench.cards import Card, ModelCard, Recipe, Suite, TaskCard
from mmbench.errors import CardError, StoreError, did_you_mean
from mmbench.records import FORMAT, Record
from mmbench.upgrades import upgraded

C = TypeVar("C", ModelCard, TaskCard, Recipe, Suite)
T = TypeVar("T")
Location = tuple[str | int, ...]
Lines = dict[Location, int]
Tree = Any  # JSON values: None, bool, int, float, str, list, dict


def load_card(cls: type[C], path: Path) -> C:
    """Read one card. CardError names the file, the line and the field."""
    data, lines = _parse_yaml(path)
    try:
        card: C = _adapter(cls).validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise CardError(_explain(error, cls, path, lines)) from None
    if card.name != path.stem:
        raise CardError(f"{path}: name is {card.name!r}; it must be the file's name, {path.stem!r}")
    return card


def dump_json(value: object) -> bytes:
    """A record, or any of its parts, as indented JSON."""
    adapter = _adapter(type(value))
    try:
        return adapter.dump_json(value, indent=1)
    except PydanticSerializationError:
        # a path that is not UTF-8 gives half characters, which JSON cannot hold; better to
        # lose those than the record
        tree = adapter.dump_python(value, mode="json")
        return json.dumps(tree, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def load_json(cls: type[T], text: bytes) -> T:
    """Read what `dump_json` wrote; pydantic's ValidationError if it is anything else."""
    return _adapter(cls).validate_json(text, strict=True)


_NOW = f'{{\n "format": {FORMAT},'.encode()
"""How `dump_json` begins a record of this format: it need not be parsed first to learn which."""


def load_record(text: bytes, where: Path) -> Record:
    """Read a record of this format or an older one; StoreError for a newer or broken one."""
    try:
        return load_json(Record, text if text.startswith(_NOW) else _of_today(text, where))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise StoreError(f"{where}: not a record ({first['msg']}). Remove it.") from None
        place = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{where}: {place}: {first['msg']}. Remove it.") from None


def _of_today(text: bytes, where: Path) -> bytes:
    """The record in the present format."""
    try:
        tree = json.loads(text)
        written = tree["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{where}: not a record ({error}). Remove it.") from None
    if type(written) is not int or written < 1:
        raise StoreError(f"{where}: not a record (format {written!r}). Remove it.")
    if written > FORMAT:
        raise StoreError(
            f"{where}: format {written} was written by a newer mmbench; this one reads up to "
            f"{FORMAT}. Upgrade mmbench."
        )
    return text if written == FORMAT else upgraded(tree, written)


# ------------------------------------------------------------------------------- types

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(cls: type[T]) -> TypeAdapter[T]:
    if cls not in _ADAPTERS:
        for nested in _dataclasses(cls, set()):
            # the cards themselves know nothing of pydantic; strictness is this module's business.
            # NaN is written as such: as null it would read back as "not applicable", or not at all
            config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")
            setattr(nested, "__pydantic_config__", config)  # noqa: B010
        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def _dataclasses(hint: Any, seen: set[type]) -> Iterator[type]:
    """Every dataclass that a type's fields reach, itself included."""
    if isinstance(hint, type) and is_dataclass(hint) and hint not in seen:
        seen.add(hint)
        yield hint
        for inner in get_type_hints(hint).values():
            yield from _dataclasses(inner, seen)
    for inner in get_args(hint):
        yield from _dataclasses(inner, seen)


# ------------------------------------------------------------------------------ errors

_NOT_THIS_MEMBER = ("literal_error", "missing")
_ELSEWHERE = {"lr": "learning_rates"}  # what other programs call a field, if nothing of it is ours


def _explain(error: ValidationError, cls: type[Card], path: Path, lines: Lines) -> str:
    """One line for each place where something is wrong, with the line of the file."""
    messages: dict[Location, list[str]] = defaultdict(list)
    for item in _meant(error.errors(include_url=False)):
        place = _known_prefix(item["loc"], lines)
        messages[place].append(_message(item, cls))
    return "\n".join(
        f"{path}:{lines[place]}: {'.'.join(map(str, place)) or cls.__name__}: "
        + "; ".join(dict.fromkeys(said))
        for place, said in sorted(messages.items(), key=lambda item: lines[item[0]])
    )


def _meant(errors: list[Any]) -> list[Any]:
    """Only what is wrong with the member of a union that was meant, the one of this `via`.

    Where no member was meant, `via` itself is wrong, and one error stands for them all.
    """
    wrong = [e for e in errors if e["loc"][-1:] == ("via",) and e["type"] in _NOT_THIS_MEMBER]
    refused = {e["loc"][:-1] for e in wrong}
    kept = [e for e in errors if not _under(e["loc"], refused)]
    for item in sorted(wrong, key=lambda e: -len(e["loc"])):
        union = item["loc"][:-2]
        if not _under(union, refused) and not any(_under(e["loc"], {union}) for e in kept):
            kept.append({**item, "type": f"via_{item['type']}"})
    return kept


def _under(location: Location, roots: set[Location]) -> bool:
    return any(location[: len(root)] == root for root in roots)


def _known_prefix(location: Location, lines: Lines) -> Location:
    """The part of pydantic's location that stands in the file (it adds the union's members)."""
    prefix: Location = ()
    for part in location:
        if (*prefix, part) in lines:
            prefix = (*prefix, part)
    return prefix


def _message(item: Any, cls: type[Card]) -> str:
    name = item["loc"][-1] if item["loc"] else ""
    if item["type"] == "via_missing":
        return f"field 'via' is missing; it is one of {', '.join(_ways(cls, item['loc']))}"
    if item["type"] == "via_literal_error":
        found, known = str(item["input"]), _ways(cls, item["loc"])
        return f"{found!r} is not one of {', '.join(known)}{did_you_mean(found, known)}"
    if item["type"] == "unexpected_keyword_argument":
        known = list(cls.__dataclass_fields__) if len(item["loc"]) == 1 else []
        return f"unknown field{did_you_mean(_ELSEWHERE.get(str(name), str(name)), known)}"
    if item["type"] == "missing":
        return f"field {name!r} is missing"
    message: str = item["msg"]
    if item["type"] == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]} (found {item['input']!r})"


def _ways(cls: type[Card], location: Location) -> list[str]:
    """What `via` may say there: in the members of the field that the location last names."""
    hints = [get_type_hints(each) for each in _dataclasses(cls, set())]
    field = next(part for part in reversed(location[:-1]) if any(part in found for found in hints))
    unions = (get_args(found[str(field)]) for found in hints if field in found)
    members = [each for union in unions for each in union if is_dataclass(each)]
    ways = (get_args(get_type_hints(member)["via"]) for member in members)
    return sorted({way for each in ways for way in each})


# -------------------------------------------------------------------------------- YAML

DEEPEST = 16  # far deeper than any card; libyaml's composer overflows the C stack on thousands


class _Yaml12(yaml.CSafeLoader):
    """The core schema of YAML 1.2 in place of 1.1's."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_SCALARS: dict[str, tuple[str, str, Callable[[str], Tree]]] = {
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


def _parse_yaml(path: Path) -> tuple[Tree, Lines]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the path
        raise CardError(f"{path}: cannot be read: {error}") from None
    try:
        _refuse_tricks(text, path)
        node = yaml.compose(text, Loader=_Yaml12)
    except yaml.YAMLError as error:
        raise CardError(_not_yaml(error, path)) from None
    if not isinstance(node, yaml.MappingNode):
        raise CardError(f"{path}: a card is a mapping of fields; e.g. name: {path.stem}")
    lines: Lines = {}
    return _build(node, (), lines, path), lines


def _not_yaml(error: yaml.YAMLError, path: Path) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{path}: not YAML: {' '.join(str(error).split())}"
    hint = ""
    if "mapping values are not allowed" in str(error.problem):
        hint = "; a text that holds ': ' stands in quotes"
    return f"{path}:{error.problem_mark.line + 1}: not YAML: {error.problem}{hint}"


def _refuse_tricks(text: str, path: Path) -> None:
    """Cards are plain values: no tags, no anchors, no aliases, no abyss."""
    depth = 0
    events: Iterator[Any] = yaml.parse(text, Loader=_Yaml12)
    for event in events:
        at = f"{path}:{event.start_mark.line + 1}"
        tag = getattr(event, "tag", None)
        if getattr(event, "anchor", None) is not None:
            raise CardError(f"{at}: anchors and aliases are not used in cards; write it out")
        if tag is not None:
            raise CardError(f"{at}: the tag {tag!r} is not allowed in cards; remove it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise CardError(f"{at}: nested more than {DEEPEST} deep, which no field is")


def _build(node: yaml.Node, at: Location, lines: Lines, path: Path) -> Tree:
    line = node.start_mark.line + 1
    lines[at] = line
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            key, here = key_node.value, f"{path}:{key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise CardError(f"{here}: a field's name is a word, not a list or a mapping")
            if key in built:
                raise CardError(f"{here}: {key!r} stands twice; remove one")
            built[key] = _build(value_node, (*at, key), lines, path)
            lines[(*at, key)] = key_node.start_mark.line + 1
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(n, (*at, i), lines, path) for i, n in enumerate(node.value)]
    try:
        value = _SCALARS[node.tag][2](node.value)
    except ValueError:  # an integer of more digits than Python is willing to convert
        value = math.inf
    if isinstance(value, float) and not math.isfinite(value):
        raise CardError(f"{path}:{line}: {node.value[:20]} is too large for a number")
    return value
