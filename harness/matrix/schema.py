"""The published JSON Schema of the matrix' file, and as much of JSON Schema as it uses; pure but for reading it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from harness.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS: Final[Mapping[str, tuple[type | tuple[type, ...], str]]] = {
    "object": (dict, "a table"),
    "array": (list, "a list"),
    "string": (str, "a text"),
    "number": ((int, float), "a number"),
    "boolean": (bool, "true or false"),
}


@lru_cache(maxsize=1)
def schema() -> Mapping[str, Any]:
    """The schema: harness/matrix/schema.json."""
    text = resources.files("harness.matrix").joinpath("schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def problems(value: object, rule: Mapping[str, Any], where: str = "") -> Iterator[Problem]:
    """Everything in a JSON value that is not as a schema says, each with its place.

    Knows the keywords type, const, enum, minimum, maximum, items, required, properties and additionalProperties.
    """
    if "const" in rule and value != rule["const"]:
        yield Problem(where=where, message=f"expected {rule['const']}, found {value!r:.40}")
    if "enum" in rule and value not in rule["enum"]:
        yield Problem(where=where, message=f"unknown {value!r:.40}; known: {', '.join(rule['enum'])}")
    if kind := rule.get("type"):
        expected, words = _KINDS[kind]
        if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
            yield Problem(where=where, message=f"expected {words}, found {value!r:.40}")
            return
    if isinstance(value, int | float) and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        yield Problem(where=where, message=f"expected {rule['minimum']} to {rule['maximum']}, found {value!r:.40}")
    if isinstance(value, list) and "items" in rule:
        for index, one in enumerate(value):
            yield from problems(one, rule["items"], f"{where}[{index}]")
    if isinstance(value, dict):
        yield from _of_table(value, rule, where)


def _of_table(table: Mapping[str, object], rule: Mapping[str, Any], where: str) -> Iterator[Problem]:
    named: Mapping[str, Any] = rule.get("properties", {})
    others = rule.get("additionalProperties", True)
    for key in rule.get("required", ()):
        if key not in table:
            yield Problem(where=_inside(where, key), message="missing")
    for key, value in table.items():
        if key in named:
            yield from problems(value, named[key], _inside(where, key))
        elif others is False:
            yield Problem(where=_inside(where, key), message=f"unknown; known: {', '.join(named)}")
        elif others is not True:
            yield from problems(value, others, _inside(where, key))


def _inside(where: str, key: str) -> str:
    shown = key if key.isidentifier() else f"{key!r:.40}"
    return f"{where}.{shown}" if where else shown
