"""What changed between two matrices: releases find their counterparts, and nothing that changed is left out."""

from __future__ import annotations

import pytest

from harness.matrix.comparing import compare, counterparts
from harness.matrix.markdown import markdown
from harness.matrix.terminal import differences
from harness.tests.matrix.made import matrix, result


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        (["uv==0.1.2"], ["uv==0.13.9"], {"uv==0.13.9": "uv==0.1.2"}),
        (["uv==0.1.10", "uv==0.1.9"], ["uv==0.13.9"], {"uv==0.13.9": "uv==0.1.10"}),
        (["uv==1", "uv==2"], ["uv==1", "uv==3"], {"uv==1": "uv==1", "uv==3": "uv==2"}),
        (["reference"], ["reference", "pip==1"], {"reference": "reference"}),
        (["path:/a", "uv==1"], ["pip==1"], {}),
        (["uv==odd", "uv==1"], ["uv==2"], {"uv==2": "uv==1"}),
        (["uv==1", "pip==1"], ["path:./uv"], {"path:./uv": "uv==1"}),
        (["uv==1"], ["path:./uv", "uv==1"], {"path:./uv": "uv==1", "uv==1": "uv==1"}),
        (["uv==1", "path:./uv"], ["path:./uv"], {"path:./uv": "path:./uv"}),
        (["uv==1", "uv==2"], ["path:./uv"], {}),
        (["path:./old"], ["path:./new"], {}),
    ],
)
def test_a_release_is_compared_with_its_counterpart(before: list[str], after: list[str], pairs: dict[str, str]) -> None:
    assert counterparts(before, after) == pairs


def test_equal_matrices_have_no_changes() -> None:
    one = matrix(result("violation", "complete", "no-debris"), result(layout="x"))
    other = matrix(result("violation", "no-debris", "complete", story="another"), result(layout="x"))
    assert compare(one, other).changes == ()


def test_everything_that_changed_is_told() -> None:
    before = matrix(
        result("violation", "complete", installer="uv==0.1.2"),
        result(layout="worse", installer="uv==0.1.2"),
        result("violation", "complete", layout="other", installer="uv==0.1.2"),
        result(layout="gone", installer="uv==0.1.2"),
        result(layout="same", installer="uv==0.1.2"),
        result("violation", "complete", installer="pip==1"),
    )
    after = matrix(
        result(),
        result("violation", "no-debris", layout="worse"),
        result("violation", "honest-exit", layout="other"),
        result(layout="same"),
        result(layout="new"),
    )
    *told, left = differences(compare(before, after)).splitlines()
    assert left == "pip==1 of the earlier results has no counterpart in these: not compared"
    assert told[::2] == [
        "uv==0.13.9: violation complete -> pass (copy: plain)",
        "uv==0.13.9: pass -> violation no-debris (copy: worse)",
        "uv==0.13.9: violation complete -> violation honest-exit (copy: other)",
        "uv==0.13.9: absent -> pass (copy: new)",
        "uv==0.13.9: pass -> absent (copy: gone)",
    ]
    assert set(told[1::2]) == {"      test_a"}


def test_several_new_releases_are_each_compared_with_the_same_old_one() -> None:
    before = matrix(*(result(scenario=f"test_{name}", installer="uv==1.0") for name in "abc"))
    same = [result(scenario=f"test_{name}", installer=new) for new in ("uv==2.0", "uv==3.0") for name in "abc"]
    assert compare(before, matrix(*same)).changes == ()
    told = differences(compare(before, matrix(*same[:-1]))).splitlines()
    assert told == ["uv==3.0: pass -> absent (copy: plain)", "      test_c"]


def test_no_change_is_said_so() -> None:
    assert differences(compare(matrix(result()), matrix(result()))) == "nothing changed"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            ["uv==1.0"],
            ["pip==24"],
            [
                "nothing was compared",
                "pip==24 has no counterpart in the earlier results: not compared",
                "uv==1.0 of the earlier results has no counterpart in these: not compared",
            ],
        ),
        (
            [],
            ["pip==24", "uv==1"],
            [
                "nothing was compared",
                "pip==24, uv==1 have no counterpart in the earlier results: not compared",
            ],
        ),
        (["uv==1"], ["uv==2", "pip==24"], ["pip==24 has no counterpart in the earlier results: not compared"]),
        (
            ["uv==1"],
            [],
            ["nothing was compared", "uv==1 of the earlier results has no counterpart in these: not compared"],
        ),
        ([], [], ["nothing was compared"]),
    ],
)
def test_what_has_no_counterpart_is_named(before: list[str], after: list[str], said: list[str]) -> None:
    old, new = (matrix(*(result(installer=name) for name in names)) for names in (before, after))
    comparison = compare(old, new)
    assert list(comparison.remarks) == said
    told = differences(comparison).splitlines()
    assert told == said if not comparison.partners else ["nothing changed", *said]
    text = markdown(new, comparison)
    assert all(one.split(":")[0] in text for one in said)
    assert ("0 changed" in text) == bool(comparison.partners)
