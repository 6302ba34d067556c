"""RECORD files are read as they were written, whatever characters file names hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import WheelRefused
from harness.reference import records
from harness.reference.records import Row

PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
ROWS = st.lists(st.builds(Row, PATHS, st.just("sha256=x"), st.just("1")), min_size=1)


@given(rows=ROWS)
def test_rows_come_back_as_they_were_written(rows: list[Row]) -> None:
    assert records.parse(records.write(rows), "RECORD") == rows


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_a_line_feed_ends_a_row(separator: str) -> None:
    path = f"nvidia/one{separator}two.txt"
    assert [row.path for row in records.parse(f"{path},,\n".encode(), "RECORD")] == [path]


def test_short_rows_of_old_projects_are_filled_up() -> None:
    assert records.parse(b"a.py\r\nb.py,sha256=x\n", "RECORD") == [Row("a.py", "", ""), Row("b.py", "sha256=x", "")]


def test_a_record_that_is_no_text_is_refused() -> None:
    with pytest.raises(WheelRefused, match="RECORD is not readable"):
        records.parse(b"\xff\xfe", "RECORD")
