"""The conformance kit: all that every installer has to do on a plain directory before its verdicts elsewhere count."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from harness import layouts, reports
from harness.errors import NotApplicable
from harness.model import LINK_MODES, Action, Case, Step
from harness.run import Runner
from harness.tests.installers.conformance import NAMES, Kit, disputing, found, headed, rich, sharing, single, step
from harness.wheels import bad, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
    from harness.model import LinkMode, Outcome
    from harness.run import Verdict

ACTIONS: tuple[Action, ...] = get_args(Action)
# In the caller's own environment; each would change what is installed, or where to, or nothing would be.
POISON = {
    "PIP_TARGET": "{poisoned}",
    "PIP_NO_CACHE_DIR": "not-a-boolean",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_USER": "1",
    "PYTHONPATH": "{poisoned}",
    "PYTHONPYCACHEPREFIX": "{poisoned}",
    "PYTHONUSERBASE": "{poisoned}",
    "UV_COMPILE_BYTECODE": "1",
    "UV_LINK_MODE": "no-such-mode",
    "UV_REQUIRE_HASHES": "1",
    "UV_TARGET": "{poisoned}",
    "PDM_CACHE_DIR": "{poisoned}",
    "PDM_INSTALL_CACHE": "not-a-boolean",
    "PDM_PROJECT": "{poisoned}",
    "POETRY_CACHE_DIR": "{poisoned}",
    "POETRY_INSTALLER_PARALLEL": "not-a-boolean",
    "POETRY_VIRTUALENVS_PATH": "{poisoned}",
    "XDG_CACHE_HOME": "{poisoned}",
    "XDG_CONFIG_HOME": "{poisoned}/.config",
    "XDG_DATA_HOME": "{poisoned}",
    "VIRTUAL_ENV": "{poisoned}",
    "CONDA_PREFIX": "{poisoned}",
}
FILES = {
    ".config/pip/pip.conf": "[global]\ntarget = {poisoned}\nrequire-hashes = true\n",
    ".pip/pip.conf": "[global]\ntarget = {poisoned}\n",
    ".config/uv/uv.toml": 'link-mode = "no-such-mode"\n',
    ".config/pdm/config.toml": '[install]\ncache_method = "no-such-method"\n',
    ".config/pypoetry/config.toml": "[virtualenvs]\ncreate = 12\n",
    ".pydistutils.cfg": "[install]\nprefix = {poisoned}\n",
}


@pytest.fixture(scope="module", params=NAMES)
def kit(request: pytest.FixtureRequest, laboratory: Laboratory) -> Kit:
    return Kit(found(request.param), laboratory)


def outcomes(verdict: Verdict) -> list[Outcome]:
    return [one.outcome for one in verdict.evidence.steps]


def test_its_name_finds_it_again(kit: Kit) -> None:
    assert found(kit.installer.name) is kit.installer or found(kit.installer.name) == kit.installer


@pytest.mark.parametrize("link_mode", LINK_MODES)
def test_a_wheel_is_installed_in_every_link_mode(kit: Kit, link_mode: LinkMode) -> None:
    verdict = kit.run([single()], step("install", single()), link_mode=link_mode)
    known = [reports.load(name) for name in reports.names()]
    assert not reports.strangers(known, verdict.violations, verdict.evidence)


def test_success_has_nothing_to_say_for_itself(kit: Kit) -> None:
    (outcome,) = outcomes(kit.run([single()], step("install", single())))
    assert (outcome.exit, outcome.message, outcome.errnos, outcome.paths) == (0, "", (), ())
    assert outcome.notes == ()
    assert outcome.ended == "exit"


def test_two_wheels_that_share_a_file_are_installed(kit: Kit) -> None:
    verdict = kit.run(sharing(), step("install", *sharing()))
    assert verdict.holds, verdict.violations


def test_the_wheel_that_is_named_last_wins_a_shared_file_where_it_says_so(kit: Kit) -> None:
    if not kit.installer.abilities.ordered:
        pytest.skip(f"{kit.installer.name} chooses the order of wheels itself")
    assert [kit.winner(*wheels) for wheels in (disputing(), disputing()[::-1])] == ["second", "first"]


def test_something_for_every_scheme_and_entry_points_are_installed(kit: Kit) -> None:
    verdict = kit.run([rich()], step("install", rich()))
    assert verdict.holds, verdict.violations


def test_a_header_lies_somewhere_in_the_environment(kit: Kit) -> None:
    (seen,) = kit.run([headed()], step("install", headed())).evidence.steps
    assert seen.outcome.exit == 0, seen.outcome.printed
    assert len([path for path in seen.after.environment if path.endswith("/exdev_headed.h")]) == 1


def test_an_upgrade_leaves_the_new_version_only(kit: Kit) -> None:
    old, new = single("1.0"), single("2.0")
    verdict = kit.run([old, new], step("install", old), step("upgrade", new))
    assert verdict.holds, verdict.violations


def test_a_reinstall_leaves_everything_as_it_was(kit: Kit) -> None:
    verdict = kit.run([single()], step("install", single()), step("reinstall", single()))
    assert verdict.holds, verdict.violations
    first, second = (one.after.environment for one in verdict.evidence.steps)
    # Bytecode holds the time at which its module was written.
    assert {path for path in first if first[path] != second.get(path) and not path.endswith(".pyc")} == set()


def test_one_of_two_is_uninstalled_and_the_other_stays(kit: Kit) -> None:
    verdict = kit.run(
        [single(), rich()], step("install", single()), step("install", rich()), step("uninstall", single())
    )
    assert verdict.holds, verdict.violations


def test_warming_the_cache_installs_nothing(kit: Kit) -> None:
    verdict = kit.run([single()], step("warm", single()), step("install", single()))
    assert verdict.holds, verdict.violations
    warmed = verdict.evidence.steps[0]
    assert warmed.before.environment == warmed.after.environment


def test_a_wheel_that_is_no_archive_is_a_failure_that_is_told(kit: Kit) -> None:
    (outcome,) = outcomes(kit.run([bad.truncated()], step("install", bad.truncated())))
    assert outcome.exit != 0
    assert outcome.message
    assert outcome.ended == "exit"


def test_the_errno_is_read_from_what_it_prints(kit: Kit) -> None:
    large = wheel("exdev-large", "1.0", {"exdev_large/data.bin": bytes(1 << 17)})
    (outcome,) = outcomes(kit.run([large], step("install", large), layout="small-environment"))
    assert outcome.exit != 0
    assert "ENOSPC" in outcome.errnos


def test_the_path_is_read_from_what_it_prints(kit: Kit) -> None:
    verdict = kit.run([single()], step("install", single()), layout="read-only-site-packages")
    (outcome,) = outcomes(verdict)
    assert outcome.exit != 0
    assert "EROFS" in outcome.errnos
    purelib = verdict.evidence.roots["purelib"]
    assert any(f"{path}/".startswith(f"{purelib}/") for path in outcome.paths), outcome.message


def test_the_message_is_part_of_what_it_printed(kit: Kit) -> None:
    if kit.installer.name == "reference" or kit.installer.name.startswith("specimen:"):
        pytest.skip("a program of operations prints nothing")
    (outcome,) = outcomes(kit.run([bad.truncated()], step("install", bad.truncated())))
    assert outcome.message in outcome.printed


def test_the_callers_settings_and_home_have_no_effect(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untouched = kit.run([single()], step("install", single())).evidence.steps[0]
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content.replace("{poisoned}", str(tmp_path)), encoding="utf-8")
    for name, value in {**POISON, "HOME": "{poisoned}"}.items():
        monkeypatch.setenv(name, value.replace("{poisoned}", str(tmp_path)))
    before = sorted(tmp_path.rglob("*"))
    verdict = kit.run([single()], step("install", single()))
    assert verdict.holds, verdict.violations
    assert verdict.evidence.steps[0].after.environment.keys() == untouched.after.environment.keys()
    assert sorted(tmp_path.rglob("*")) == before


def test_what_it_does_not_declare_is_not_applicable(kit: Kit) -> None:
    abilities = kit.installer.abilities
    asked: list[tuple[str, Action, LinkMode]]
    asked = [(f"action {one}", one, "copy") for one in ACTIONS if one not in abilities.actions]
    asked += [(f"link mode {one}", "install", one) for one in LINK_MODES if one not in abilities.link_modes]
    runner = Runner(kit.laboratory, find=lambda _: kit.installer)
    for what, action, link_mode in asked:
        case = Case(
            layout=layouts.load("plain"),
            wheels=(single(),),
            steps=(Step(action=action, wheels=(single().key,)),),
            installer=kit.installer.name,
            link_mode=link_mode,
        )
        with pytest.raises(NotApplicable) as raised:
            runner.run(case)
        assert raised.value.what == what
