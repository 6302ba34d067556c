"""The JUnit document has the shape that its readers agree on, counts rightly, and survives any text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.matrix.junit import junit
from harness.tests.matrix.made import hostile, matrix, parsed, result

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from harness.matrix import Matrix

# Element: attributes it must have, and those it may have; children, as Jenkins, GitLab and pytest read and write them.
SHAPE = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, set[str](), ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, set[str](), ["properties", "testcase"]),
    "testcase": ({"classname", "name", "time"}, set[str](), ["properties", "failure", "error", "skipped"]),
    "properties": (set[str](), set[str](), ["property"]),
    "property": ({"name", "value"}, set[str](), []),
    "failure": ({"message", "type"}, set[str](), []),
    "error": ({"message", "type"}, set[str](), []),
    "skipped": ({"message"}, set[str](), []),
}
EVERY = matrix(
    result(),
    result("violation", "complete", story="the story"),
    result("flaky", "pass in a", layout="b"),
    result("error", "KeyError", layout="c"),
    result("known", "uv#1 <https://example.org>", layout="d"),
    result("not run", "casefold is missing", layout="e"),
    result("not applicable", "data", layout="f", installer="pip==26.3"),
)


def _check(element: ET.Element) -> None:
    must, may, children = SHAPE[element.tag]
    assert must <= set(element.keys()) <= must | may, element.tag
    for child in element:
        assert child.tag in children, (element.tag, child.tag)
        _check(child)


@pytest.mark.parametrize("one", [EVERY, matrix(), hostile()], ids=["every state", "nothing", "hostile"])
def test_the_document_has_the_common_shape(one: Matrix) -> None:
    _check(parsed(junit(one)))


def test_every_count_is_that_of_its_cases() -> None:
    root = parsed(junit(EVERY))
    for group in (root, *root):
        cases = list(group.iter("testcase"))
        counted = [len(cases), *(sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error"))]
        assert [int(group.attrib[name]) for name in ("tests", "failures", "errors")] == counted
        assert int(group.attrib["skipped"]) == sum(case.find("skipped") is not None for case in cases)
    assert [suite.attrib["name"] for suite in root] == ["uv==0.13.9", "pip==26.3"]


def test_only_a_pass_is_a_pass() -> None:
    found = {
        case.attrib["classname"]: next((child.tag for child in case if child.tag != "properties"), "pass")
        for case in parsed(junit(EVERY)).iter("testcase")
    }
    others = {"b.copy": "failure", "c.copy": "error", "d.copy": "skipped", "e.copy": "skipped", "f.copy": "skipped"}
    assert found == {"plain.copy": "failure"} | others


def test_a_failure_tells_its_story_and_its_replay() -> None:
    case = next(one for one in parsed(junit(EVERY)).iter("testcase") if one.find("failure") is not None)
    assert case.findtext("failure") == "the story"
    assert {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}["replay"] == "exdev replay 1.toml"
