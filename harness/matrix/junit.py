"""The matrix as JUnit XML: one suite for each installer, one case for each scenario instance; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from harness.matrix.cells import FAILING
from harness.matrix.printable import printable, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.matrix.cells import Result
    from harness.matrix.matrix import Matrix

# What readers of JUnit know: an error is not the tested program's.
_TAGS: Final[Mapping[str, str]] = {"violation": "failure", "flaky": "failure", "error": "error"}


def junit(matrix: Matrix) -> str:
    """An XML document with a final newline.

    Violations and flaky instances are failures. Known ones, those not run and those not applicable are skipped, with
    the reason: JUnit has no words for them, and none is a pass.
    """
    suites = ET.Element("testsuites", {"name": "exdev", **_counts(matrix.results)})
    for installer in dict.fromkeys(result.installer for result in matrix.results):
        mine = [result for result in matrix.results if result.installer == installer]
        suite = ET.SubElement(suites, "testsuite", {"name": _text(installer), **_counts(mine)})
        _properties(suite, matrix.about)
        for result in mine:
            _case(suite, shown(result))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    tags = [_TAGS.get(result.state, "" if result.state == "pass" else "skipped") for result in results]
    return {
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _case(suite: ET.Element, result: Result) -> None:
    place = {"classname": _text(f"{result.layout}.{result.link_mode}"), "name": _text(result.instance)}
    case = ET.SubElement(suite, "testcase", {**place, "time": f"{result.seconds:.3f}"})
    facts = {"state": result.state, "message": result.message, "replay": result.replay}
    _properties(case, {name: value for name, value in facts.items() if value})
    if result.state in FAILING:
        reason = {"type": result.state, "message": _text(f"{result.state}: {', '.join(result.why)}")}
        ET.SubElement(case, _TAGS[result.state], reason).text = _text(result.story)
    elif result.state != "pass":
        ET.SubElement(case, "skipped", {"message": _text(f"{result.state}: {', '.join(result.why)}")})


def _properties(parent: ET.Element, facts: Mapping[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})


def _text(text: str) -> str:
    """Without what XML 1.0 has no way to write: control characters, surrogates, U+FFFE and U+FFFF."""
    return printable(text)
