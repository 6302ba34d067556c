"""All contracts by name, and judging evidence by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.contracts import (
    bounded_time,
    cache_untouched,
    complete,
    failure_preserves,
    honest_exit,
    link_mode_honoured,
    message_names_path_and_errno,
    modes_equal,
    no_debris,
    order_independent,
    outside_untouched,
    rerun_repairs,
    scripts_run,
    uninstall_keeps_shared,
    whole_files,
)
from harness.contracts.scene import scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType

    from harness.contracts.scene import Scene
    from harness.model import Evidence, Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One promise.

    Attributes:
        name: how it is called in violations.
        promise: in one sentence.
        check: the ways one step broke it.
    """

    name: str
    promise: str
    check: Callable[[Scene], Iterable[Violation]]

    @classmethod
    def of(cls, module: ModuleType) -> Contract:
        """The contract that a module holds: NAME, check, and the promise in its first line."""
        promise = (module.__doc__ or "").splitlines()[0].partition(": ")[2]
        return cls(name=module.NAME, promise=promise, check=module.check)


CONTRACTS: Mapping[str, Contract] = {
    contract.name: contract
    for contract in map(
        Contract.of,
        (
            complete,
            scripts_run,
            whole_files,
            modes_equal,
            cache_untouched,
            outside_untouched,
            no_debris,
            honest_exit,
            failure_preserves,
            rerun_repairs,
            message_names_path_and_errno,
            link_mode_honoured,
            order_independent,
            uninstall_keeps_shared,
            bounded_time,
        ),
    )
}


def judge(evidence: Evidence, contracts: Iterable[str] = tuple(CONTRACTS)) -> tuple[Violation, ...]:
    """Every violation of the named contracts, step by step, in the order of the contracts.

    Raises:
        KeyError: there is no contract of that name.
    """
    chosen = [CONTRACTS[name] for name in contracts]
    return tuple(violation for scene in scenes(evidence) for contract in chosen for violation in contract.check(scene))
