"""Scripts of the reference core: written exactly where the oracle finds nothing wrong, and they start anywhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.errors import WheelRefused
from harness.reference.scripts import console_scripts, with_interpreter
from harness.wheels import wheel
from harness.wheels.faults import faults

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize("directory", ["short", "with a space", "l" * 120, "l" * 250, "it's", "with\ta tab"])
@pytest.mark.parametrize("placeholder", [b"#!python", b"#!pythonw", b"#!python -E"])
def test_a_script_starts_wherever_its_interpreter_lies(tmp_path: Path, directory: str, placeholder: bytes) -> None:
    python = tmp_path / directory / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    script = tmp_path / "script"
    script.write_bytes(with_interpreter(placeholder + b"\nimport sys\nprint(sys.argv[1:])\n", str(python)))
    script.chmod(0o755)
    ran = subprocess.run([str(script), "a b"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "['a b']\n"), ran.stderr
