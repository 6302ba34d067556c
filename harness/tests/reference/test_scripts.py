"""Entry points become scripts for the reference core exactly where the oracle finds nothing wrong with them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from harness.errors import WheelRefused
from harness.reference.scripts import console_scripts
from harness.wheels import wheel
from harness.wheels.faults import faults

NAMES = st.text('a.-/ \u00e9\0["', min_size=1, max_size=5) | st.integers(254, 256).map("n".__mul__)
REFERENCES = st.text("mf1.: []-\u00b7\n", max_size=9)


@given(entries=st.lists(st.tuples(NAMES, REFERENCES | st.just("m:f")), min_size=1, max_size=2))
@example(entries=[("a", "a:b c")])
@example(entries=[("a", "m:f"), ("a", "m:f")])
@example(entries=[("some name", "m:f [x]")])
@example(entries=[("..", "m:f")])
def test_the_core_refuses_the_entry_points_that_the_oracle_refuses(entries: list[tuple[str, str]]) -> None:
    text = "[console_scripts]\n" + "".join(f"{name} = {reference}\n" for name, reference in entries)
    found = faults(wheel("a", entry_points=text))
    try:
        scripts = console_scripts(text.encode(), "/python", "a.whl")
    except WheelRefused:
        assert found != ()
    else:
        assert found == ()
        for script in scripts:
            compile(script.content, script.name, "exec")
