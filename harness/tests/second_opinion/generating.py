"""Drawing many examples outside of pytest, the same ones for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

Example = TypeVar("Example")


def each_example(
    strategy: SearchStrategy[Example], judge: Callable[[Example], None], *, count: int, number: int
) -> None:
    """Have so many examples judged; none is shrunk, replayed or remembered.

    Args:
        strategy: draws them.
        judge: keeps what it finds.
        count: how many.
        number: the seed.
    """

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: Example) -> None:
        judge(example)

    draw()
