"""Scripts: console scripts from entry points, and the first line of a wheel's own scripts; pure."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass

from harness.errors import WheelRefused

_NAME_LIMIT = 255
_OBJECT = re.compile(r"(?P<module>[^\s:\[]+)\s*:\s*(?P<attribute>[^\s:\[]+)\s*(\[.*\])?\Z", re.DOTALL)
_NOT_IN_NAMES = frozenset("/\0")
# The kernel reads 256 bytes of a script, the last of which may only end the line (Linux 5.1, BINPRM_BUF_SIZE in
# linux/binfmts.h; before, 128, which is what distlib's limit of 127 comes from: it works on both).
_LONGEST_LINE = 127
# A shell and Python both read it, each in its own way: distlib's form, which pip, uv and pypa/installer write.
_BY_SHELL = """\
#!/bin/sh
'''exec' {python} {arguments}"$0" "$@"
' '''
"""
_TEMPLATE = """\
# -*- coding: utf-8 -*-
import re
import sys
from {module} import {first}
if __name__ == "__main__":
    sys.argv[0] = re.sub(r"(-script\\.pyw|\\.exe)?$", "", sys.argv[0])
    sys.exit({attribute}())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script to be written into the scripts directory."""

    name: str
    content: bytes


def console_scripts(data: bytes, python: str, path: str) -> tuple[Script, ...]:
    """The scripts that an entry_points.txt asks for (Entry points specification: console_scripts and gui_scripts).

    Raises:
        WheelRefused: the file is not readable, a name is no file name, or something else than a callable is named.
    """
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the specification: names are case-sensitive
    try:
        parser.read_string(data.decode())
    except (UnicodeDecodeError, configparser.Error) as error:
        raise WheelRefused(path=path, reason=f"entry_points.txt is not readable ({error})") from error
    groups = [group for group in ("console_scripts", "gui_scripts") if parser.has_section(group)]
    return tuple(_script(name, reference, python, path) for group in groups for name, reference in parser.items(group))


def _script(name: str, reference: str, python: str, path: str) -> Script:
    found = _OBJECT.match(reference.strip())
    if found is None or not _is_dotted(found["module"]) or not _is_dotted(found["attribute"]):
        raise WheelRefused(path=path, reason=f"entry point {name!r} = {reference!r} names no callable")
    if not _NOT_IN_NAMES.isdisjoint(name) or name in {".", ".."} or len(name.encode()) > _NAME_LIMIT:
        raise WheelRefused(path=path, reason=f"entry point {name!r} is not a possible file name")
    attribute = found["attribute"]
    text = _TEMPLATE.format(module=found["module"], first=attribute.partition(".")[0], attribute=attribute)
    return Script(name=name, content=first_line(python) + text.encode())


def _is_dotted(names: str) -> bool:
    return all(name.isidentifier() for name in names.split("."))


def first_line(python: str, arguments: str = "") -> bytes:
    """The line, or lines, by which a script is run with an interpreter, whatever that one's path.

    Args:
        python: its path.
        arguments: for the interpreter, as they stand in a first line.
    """
    line = f"#!{python}{' ' + arguments if arguments else ''}\n".encode()
    if len(line) <= _LONGEST_LINE and not {" ", "\t"}.intersection(python):
        return line
    quoted = python.replace("'", "'\"'\"'")
    return _BY_SHELL.format(python=f"'{quoted}'", arguments=arguments and f"{arguments} ").encode()


def with_interpreter(content: bytes, python: str) -> bytes:
    """A wheel's own script with its placeholder first line (`#!python`, `#!pythonw`) made to name the interpreter.

    Source: Binary distribution format, "Recommended installer features": rewrite `#!python`.
    """
    if not content.startswith(b"#!python"):
        return content
    first, _, rest = content.partition(b"\n")
    arguments = first.partition(b" ")[2].strip().decode(errors="surrogateescape")
    return first_line(python, arguments) + rest
