"""What a person sees who runs the scenarios: options, selections, verdicts and exit statuses."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from harness import layouts, provisioning
from harness.errors import NotProvided
from harness.model import codec
from harness.tests.scenario.runs import SCENARIOS, outcomes, run

pytest_plugins = ("pytester",)

CROSS = SCENARIOS / "test_cross_device.py"
BAD = SCENARIOS / "test_bad_wheels.py"
READ_ONLY = SCENARIOS / "test_read_only.py"


@pytest.mark.parametrize(
    ("option", "value", "nearest"),
    [
        ("--layout", "plian", "plain"),
        ("--shard", "plian", "plain"),
        ("--link-mode", "hardlnk", "hardlink"),
        ("--installer", "specimen:uv-0.1", "specimen:uv-0.1.2"),
        ("--require", "overlya", "overlay"),
        ("--hypothesis-profile", "thorogh", "thorough"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    pytester: pytest.Pytester, option: str, value: str, nearest: str
) -> None:
    result = run(pytester, CROSS, option, value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    assert f"{value!r}; did you mean {nearest!r}?" in said
    assert "Traceback" not in said


def test_a_bad_layout_file_is_told_all_at_once(pytester: pytest.Pytester) -> None:
    file = Path(pytester.path, "mine.toml")
    file.write_text('name = 3\n[[mount]]\nat = "{cahce}"\ntype = "overlayy"\n')
    result = run(pytester, CROSS, "--layout", file)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    for problem in ("name: expected a text", "about: missing", "did you mean 'overlay'?", "did you mean 'cache'?"):
        assert problem in said


def test_a_layout_of_ones_own_is_judged(pytester: pytest.Pytester) -> None:
    text = codec.dump_toml(layouts.load("cross-device-cache")).replace('"cross-device-cache"', '"my-nas"', 1)
    file = Path(pytester.path, "mine.toml")
    file.write_text(text)
    options = ("--layout", file, "--link-mode=hardlink")
    assert run(pytester, CROSS, *options).ret == pytest.ExitCode.OK
    result = run(pytester, CROSS, *options, "--installer=specimen:uv-0.1.2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*breaks `complete` on my-nas, link mode hardlink", "my-nas * VIOLATION*"])


def test_a_layout_that_is_not_what_it_says_is_told_without_a_traceback(pytester: pytest.Pytester) -> None:
    text = codec.dump_toml(layouts.load("cross-device-cache")).replace('gives = "EXDEV"', 'gives = "EPERM"', 1)
    file = Path(pytester.path, "mine.toml")
    file.write_text(text)
    result = run(pytester, CROSS, "--layout", file, "--link-mode=hardlink")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*error: link {cache} -> {purelib}: expected EPERM, found EXDEV*"])
    result.stdout.no_fnmatch_line("*verify.py*")


def test_a_failure_names_the_command_that_replays_it(pytester: pytest.Pytester) -> None:
    options = ("--layout=cross-device-cache", "--link-mode=hardlink", "--installer=specimen:uv-0.1.2")
    result = run(pytester, CROSS, *options)
    line = next(line for line in result.outlines if "replay  " in line)
    _, command, *arguments = line.split()
    assert command == "exdev"
    again = pytester.run(sys.executable, "-m", "harness.cli", *arguments)
    assert again.ret == 1
    again.stdout.fnmatch_lines(["specimen:uv-0.1.2 breaks `complete`*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_scenarios_that_are_all_skipped_are_no_success(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    options = ("--link-mode=symlink", "--installer=specimen:uv-0.1.2", "--layout=plain")
    result = run(pytester, CROSS, *options, *workers)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["plain * not applicable"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_scenarios_that_are_all_deselected_are_no_success(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    result = run(pytester, READ_ONLY, "--layout=overlay-fresh", *workers)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(
        [
            "*= left out by scenarios =*",
            "overlay-fresh: by scenarios about read-only-package-directory only: *neighbour_of_a_read_only_package*",
        ]
    )


def test_what_is_named_and_left_out_is_told_with_its_reason(pytester: pytest.Pytester) -> None:
    chosen = (SCENARIOS, "--collect-only", "--layout=plain", "--layout=few-inodes", "--link-mode=clone")
    result = run(pytester, *chosen, "-k", "report_install_together or strict_hardlink or published_wheels_install_as")
    told = " ".join(line.strip() for line in result.outlines[result.outlines.index(_heading(result)) + 1 :])
    assert "few-inodes: by scenarios that exclude limited: test_the_wheels_of_the_report_install_together" in told
    strict = "link mode clone: by scenarios about hardlink only: test_a_strict_hardlink_fails_rather_than_copies"
    assert strict in told
    assert "--wheels skeleton: by scenarios with --wheels real only: test_two_published_wheels" in told
    assert "plain: " not in told
    assert "test_a_neighbour" not in told, "left out by -k, and not by what it is about"


def test_nothing_is_left_out_where_nothing_was_named(pytester: pytest.Pytester) -> None:
    result = run(pytester, CROSS, "--collect-only")
    assert "left out" not in result.stdout.str()


def _heading(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if "= left out by scenarios =" in line)


def test_a_slow_installer_runs_all_of_what_k_has_left(pytester: pytest.Pytester) -> None:
    try:
        provisioning.newest("pip")
    except NotProvided as missing:
        pytest.skip(str(missing))
    result = run(pytester, SCENARIOS, "--installer=pip", "--collect-only", "-k", "later_refusal and not reports")
    assert sum("::test_a_later_refusal" in line for line in result.outlines) > 10
    assert "left to others" not in result.stdout.str()


def test_two_workers_come_to_the_same_verdicts(pytester: pytest.Pytester) -> None:
    options = ("--layout=cross-device-cache", "--layout=plain", "--installer=specimen:uv-0.1.2")
    alone = outcomes(run(pytester, CROSS, BAD, *options))
    assert outcomes(run(pytester, CROSS, BAD, *options, "-n", "2")) == alone
    assert "FAILED" in alone.values()


def test_what_an_installer_does_not_do_is_not_applicable(pytester: pytest.Pytester) -> None:
    result = run(pytester, READ_ONLY, "--layout=read-only-site-packages", "--installer=specimen:uv-0.1.2")
    result.stdout.fnmatch_lines(["  not applicable: action upgrade*", "  not applicable: link mode clone (clone: *"])


def test_an_error_of_the_scenario_itself_is_no_violation(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(
        test_wrong="""
        from harness.scenario import scenario

        @scenario(link_modes=["copy"])
        def test_a_scenario_that_is_wrong_itself(lab):
            assert lab.layouts == ()
        """
    )
    result = run(pytester, file, "--layout=plain")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["plain *ERROR 1/1"])


def test_a_missing_capability_skips_or_fails_as_asked(pytester: pytest.Pytester) -> None:
    text = codec.dump_toml(layouts.load("plain")).replace('name = "plain"', 'name = "mine"\nrequires = ["casefold"]', 1)
    file = Path(pytester.path, "mine.toml")
    file.write_text(text)
    result = run(pytester, BAD, "--layout", file, "--link-mode=copy")
    if result.ret == pytest.ExitCode.OK:
        pytest.skip("this machine has case-insensitive directories on tmpfs")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["mine * not run", "  not run: casefold is missing*"])
    required = run(pytester, BAD, "--layout", file, "--require=casefold")
    assert required.ret == pytest.ExitCode.USAGE_ERROR
    assert "--require casefold: missing" in required.stderr.str()


def test_published_wheels_are_only_for_those_who_ask(pytester: pytest.Pytester) -> None:
    file = SCENARIOS / "test_wheels_of_the_world.py"
    result = run(pytester, file, "--layout=docker-volume", "--link-mode=copy")
    assert not any("two_published_wheels" in name for name in outcomes(result))
    assert "deselected" in result.stdout.str()


def test_shards_together_are_the_run_that_they_are_shards_of(pytester: pytest.Pytester) -> None:
    try:
        provisioning.newest("pip")  # slow: of its instances others stand for most
    except NotProvided as missing:
        pytest.skip(str(missing))
    chosen = (SCENARIOS, "--installer", "pip", "--collect-only", "-k", "not reports")

    def collected(*shard: str) -> Counter[str]:
        options = [word for name in shard for word in ("--shard", name)]
        lines = run(pytester, *chosen, *options).outlines
        return Counter(line for line in lines if "::" in line and "-pip==" in line and "[drawn-" not in line)

    names = layouts.names()
    parts = [collected(*part) for part in (names[:2], names[2:9], names[9:])]
    assert all(parts)
    assert sum(parts, Counter()) == collected()


def test_a_shard_is_of_what_was_asked_for(pytester: pytest.Pytester) -> None:
    result = run(pytester, CROSS, "--layout", "plain", "--shard", "nested-tmpfs")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "unknown layout of this run 'nested-tmpfs'. Known: plain" in result.stderr.str()
