"""Wheels as Hypothesis draws them for this room's tests: any paths, contents and modes that are legal together."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.model import Entry, Wheel
from harness.wheels.make import directories, wheel

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from([0o644, 0o664, 0o600, 0o755, 0o700, 0o444])


@st.composite
def wheels(draw: st.DrawFn) -> Wheel:
    paths = draw(st.lists(PATHS, unique=True, max_size=6))
    below = set(directories(wheel("x", files=paths)))
    files = [Entry(path, draw(st.binary(max_size=20)), draw(MODES)) for path in paths if path not in below]
    return wheel("drawn-wheel", files=files)
