"""What changed between two matrices: releases find their counterparts, and nothing that changed is left out."""

from __future__ import annotations

import pytest

from harness.matrix.comparing import changes, counterparts
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
    ],
)
def test_a_release_is_compared_with_its_counterpart(before: list[str], after: list[str], pairs: dict[str, str]) -> None:
    assert counterparts(before, after) == pairs


def test_equal_matrices_have_no_changes() -> None:
    one = matrix(result("violation", "complete", "no-debris"), result(layout="x"))
    other = matrix(result("violation", "no-debris", "complete", story="another"), result(layout="x"))
    assert changes(one, other) == ()


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
    told = differences(changes(before, after)).splitlines()
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
    assert changes(before, matrix(*same)) == ()
    told = differences(changes(before, matrix(*same[:-1]))).splitlines()
    assert told == ["uv==3.0: pass -> absent (copy: plain)", "      test_c"]


def test_no_change_is_said_so() -> None:
    assert differences(()) == "nothing changed"
