"""Values to and from TOML and JSON: every problem of a file at once, each with its path in the file.

Works from the annotations of the frozen dataclasses in `harness.model`; knows `str`, `int`, `float`, `bool`, `bytes`,
`Literal`, `X | None`, `tuple[X, ...]` and dataclasses of these. A field's metadata may say `{"key": "from"}` (its name
in files) and `{"always": True}` (written even where it is the default). Files are hostile input: their size is bounded,
their depth is that of the types, and whatever is wrong with them is a `FileInvalid`.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import difflib
import functools
import json
import os
import reprlib
import stat
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, Union

import tomli_w

from harness.errors import FileInvalid, Problem, errno_name
from harness.model.case import FORMAT, Case
from harness.model.coherence import incoherences

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Value = TypeVar("Value")

# What a room adds to decoding: called for every dataclass value with its kind, those of its fields that are well-typed
# (by name; defaults included), and its path in the file. A field that is missing from them has a problem already.
Check: TypeAlias = Callable[[type[object], Mapping[str, Any], str], Iterable[Problem]]

# A case with all wheels of the torch closure inline takes about 2 MB; nothing honest comes near this.
MAX_BYTES = 16 << 20
# More unknown keys than this in one table are not typing errors: they are counted, not listed.
_MANY = 20
# Longer names are shown shortened, and nothing is looked for that is like them.
_LONG = 80

_MISSING = dataclasses.MISSING
_BAD = object()  # a value that could not be decoded; its problem has been noted


def decode(kind: type[Value], data: object, *, file: str, check: Check | None = None) -> Value:
    """The value that plain data (dicts, lists, texts, numbers) stands for.

    Args:
        kind: a dataclass of `harness.model`.
        data: as `tomllib` or `json` give it.
        file: what to call its origin in errors.
        check: finds further problems, e.g. `harness.layouts.validate.check`.

    Raises:
        FileInvalid: with every problem found.
    """
    decoder = _Decoder(checks=(incoherences, check) if check else (incoherences,))
    newer = _newer_format(kind, data)
    if newer:
        # A newer format may mean anything; further complaints would only mislead.
        raise FileInvalid(file=file, problems=(newer,))
    value = decoder.decode(kind, data, "")
    if decoder.problems:
        raise FileInvalid(file=file, problems=tuple(decoder.problems))
    return typing.cast("Value", value)


def encode(value: DataclassInstance) -> dict[str, Any]:
    """Plain data for a value: what differs from the defaults, under the keys files use."""
    data = {}
    for spec in _specs(type(value)):
        content = getattr(value, spec.name)
        if spec.always or spec.required or content != spec.default:
            data[spec.key] = _encode(content)
    return data


def load(kind: type[Value], path: str | os.PathLike[str], *, check: Check | None = None) -> Value:
    """The value in a file: JSON when its name ends in `.json`, TOML otherwise.

    Raises:
        FileInvalid: it cannot be read, is too large, is not TOML or JSON, or has problems as in `decode`.
    """
    name = os.fspath(path)
    text = _read(name)
    try:
        data = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except RecursionError:
        raise _unusable(name, "nested too deeply") from None
    except (
        ValueError
    ) as error:  # tomllib's and json's own errors name the line; int() refuses 4300 digits with a plain one
        raise _unusable(name, f"not {'JSON' if name.endswith('.json') else 'TOML'}: {error}") from None
    return decode(kind, data, file=name, check=check)


def dump_toml(value: DataclassInstance) -> str:
    """The value as TOML; `load` gives it back."""
    return tomli_w.dumps(encode(value))


def dump_json(value: DataclassInstance) -> str:
    """The value as JSON with a final newline; `load` gives it back."""
    return json.dumps(encode(value), indent=2) + "\n"


def below(where: str, key: object) -> str:
    """The path in a file of a key of the value at `where`."""
    name = str(key)[:_LONG]
    return f"{where}.{name}" if where else name


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if any is alike."""
    return next(iter(difflib.get_close_matches(name, tuple(known), n=1)), None)


def unknown(name: object, known: Sequence[str]) -> str:
    """`unknown 'overlayy'; did you mean 'overlay'?`: how every wrong name is reported."""
    near = nearest(name, known) if isinstance(name, str) and len(name) <= _LONG else None
    hint = f"; did you mean {near!r}?" if near else f"; known: {', '.join(map(repr, known))}"
    return f"unknown {_show(name)}{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spec:
    """One field of a dataclass as files see it."""

    name: str
    key: str
    hint: object
    required: bool
    default: object
    always: bool


@functools.cache
def _specs(kind: type[DataclassInstance]) -> tuple[_Spec, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(_spec(field, hints[field.name]) for field in dataclasses.fields(kind))


def _spec(field: dataclasses.Field[Any], hint: object) -> _Spec:
    made = field.default_factory is not _MISSING
    return _Spec(
        name=field.name,
        key=field.metadata.get("key", field.name),
        hint=hint,
        required=field.default is _MISSING and not made,
        default=field.default_factory() if field.default_factory is not _MISSING else field.default,
        always=field.metadata.get("always", False),
    )


class _Decoder:
    """One decoding: gathers problems as it goes; gives `_BAD` for what it could not decode."""

    def __init__(self, *, checks: Sequence[Check]) -> None:
        self.problems: list[Problem] = []
        self._checks = checks

    def decode(self, hint: object, data: object, where: str) -> object:
        """The value of one annotation."""
        if dataclasses.is_dataclass(hint):
            return self._dataclass(typing.cast("type[DataclassInstance]", hint), data, where)
        origin = typing.get_origin(hint)
        if origin is Literal:
            return self._literal(typing.get_args(hint), data, where)
        if origin is tuple:
            return self._tuple(typing.get_args(hint)[0], data, where)
        if origin in (Union, types.UnionType):
            return None if data is None else self.decode(_present(hint), data, where)
        if hint is bytes:
            return self._bytes(data, where)
        return self._plain(typing.cast("type[object]", hint), data, where)

    def _note(self, where: str, message: str) -> object:
        self.problems.append(Problem(where=where, message=message))
        return _BAD

    def _dataclass(self, kind: type[DataclassInstance], data: object, where: str) -> object:
        if not isinstance(data, Mapping):
            return self._note(where, f"expected a table, found {_show(data)}")
        specs = _specs(kind)
        known = tuple(spec.key for spec in specs)
        strangers = [key for key in data if key not in known]
        for key in strangers[:_MANY]:
            self._note(below(where, key), f"unknown key{unknown(key, known).removeprefix('unknown')}")
        if len(strangers) > _MANY:
            self._note(where, f"{len(strangers) - _MANY} further unknown keys")
        fields = {spec.name: self._field(spec, data, where) for spec in specs}
        right = {name: content for name, content in fields.items() if content is not _BAD}
        for check in self._checks:
            self.problems += check(kind, right, where)
        return kind(**fields) if len(right) == len(fields) else _BAD

    def _field(self, spec: _Spec, data: Mapping[str, object], where: str) -> object:
        if spec.key in data:
            return self.decode(spec.hint, data[spec.key], below(where, spec.key))
        return self._note(below(where, spec.key), "missing") if spec.required else spec.default

    def _tuple(self, hint: object, data: object, where: str) -> object:
        if not isinstance(data, list | tuple):
            return self._note(where, f"expected a list, found {_show(data)}")
        items = tuple(self.decode(hint, item, f"{where}[{index}]") for index, item in enumerate(data))
        return _BAD if any(item is _BAD for item in items) else items

    def _literal(self, known: tuple[str, ...], data: object, where: str) -> object:
        if any(type(data) is type(choice) and data == choice for choice in known):
            return data
        return self._note(where, unknown(data, known))

    def _plain(self, kind: type[object], data: object, where: str) -> object:
        if isinstance(data, str) and _unencodable(data):
            return self._note(where, f"not Unicode text: {_show(data)}")
        if type(data) is kind:  # not isinstance: True is no integer in a file
            return data
        if kind is float and type(data) is int:
            return float(data)
        return self._note(where, f"expected {_NAMES.get(kind, kind.__name__)}, found {_show(data)}")

    def _bytes(self, data: object, where: str) -> object:
        if isinstance(data, str):
            text = self._plain(str, data, where)
            return text.encode() if isinstance(text, str) else text
        if isinstance(data, Mapping) and set(data) == {"base64"}:
            try:
                return base64.b64decode(data["base64"], validate=True)
            except (binascii.Error, TypeError, ValueError):
                return self._note(f"{where}.base64", f"not base64: {_show(data['base64'])}")
        return self._note(where, f"expected a text or {{base64 = ...}}, found {_show(data)}")


_NAMES = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}


def _present(hint: object) -> object:
    """The `X` of `X | None`."""
    return next(choice for choice in typing.get_args(hint) if choice is not types.NoneType)


def _unencodable(text: str) -> bool:
    """Whether it has half a surrogate pair, which JSON can say and neither TOML nor a file can."""
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


def _encode(value: object) -> object:
    if isinstance(value, bytes):
        return _encode_bytes(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return encode(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _encode_bytes(content: bytes) -> str | dict[str, str]:
    """Text where a person can read it and every editor and parser keeps it byte for byte, base64 elsewhere."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    clean = all(character in "\n\t" or not (character < " " or character == "\x7f") for character in text)
    return text if clean else {"base64": base64.b64encode(content).decode()}


def _newer_format(kind: type[Any], data: object) -> Problem | None:
    found = data.get("format") if kind is Case and isinstance(data, Mapping) else None
    if type(found) is not int or found <= FORMAT:
        return None
    message = f"this file has format {found}, this version of exdev reads up to {FORMAT}: use a newer exdev"
    return Problem(where="format", message=message)


def _read(name: str) -> str:
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to must not wait (open(2)).
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _unusable(name, "not a regular file")
            content = _bounded(name, descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unusable(name, f"cannot be read: {errno_name(error.errno)} ({error.strerror})") from None
    except ValueError as error:  # a NUL byte in the name, or a byte that is no text
        raise _unusable(name, f"not UTF-8: {error}" if isinstance(error, UnicodeError) else str(error)) from None
    return content


def _bounded(name: str, descriptor: int) -> str:
    with open(descriptor, "rb", closefd=False) as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _unusable(name, f"larger than {MAX_BYTES} bytes")
    return content.decode()


def _unusable(name: str, message: str) -> FileInvalid:
    return FileInvalid(file=name, problems=(Problem(where="", message=message),))


def _show(value: object) -> str:
    return _SHORT.repr(value)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _LONG
