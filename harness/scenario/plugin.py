"""The pytest plugin of the scenarios: options, one instance for each layout, link mode and installer, the matrix."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis.errors import Flaky

from harness import installers, reports
from harness.errors import HarnessError, LayoutUntrue, NotApplicable
from harness.kernel.probes import probe
from harness.plugin import enter
from harness.run import Runner
from harness.scenario import reporting
from harness.scenario.lab import Lab, Violated
from harness.scenario.memory import remembering
from harness.scenario.profiles import is_thorough, make_steady, register, spared
from harness.scenario.results import EXCLUSIONS, THINNED, Exclusion, Results
from harness.scenario.selection import SELECTION, Instance, Selection, not_applicable
from harness.scenario.thinning import Choice, thinned

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable

    from harness.kernel.laboratory import Laboratory
    from harness.kernel.probes import Finding
    from harness.model.report import Report
    from harness.run import Verdict
    from harness.scenario.marker import Requirements

_INSTANCE = pytest.StashKey[Instance]()
_INSTALLERS = "reference (default), specimen:..., uv==0.1.2, uv (newest), pip, installer, pdm, poetry, path:UV; repeat"
_SHARD = "of this run the part on this layout, while others run the rest; repeat"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The scenarios' options."""
    group = parser.getgroup("exdev", "filesystem scenarios")
    add = group.addoption
    add("--layout", action="append", default=[], metavar="NAME", help="a layout, or a path to your own TOML; repeat")
    add("--shard", action="append", default=[], metavar="NAME", help=_SHARD)
    add("--link-mode", action="append", default=[], metavar="MODE", help="clone, hardlink, symlink or copy; repeat")
    add("--installer", action="append", default=[], metavar="NAME", help=_INSTALLERS)
    add("--strict-known", action="store_true", help="fail also where an open report explains what is wrong")
    add("--unknown", action="append", default=[], metavar="REPORT", help="as if nobody had reported this one; repeat")
    add("--matrix", metavar="FILE.json", help="save every result in this file")
    add("--require", action="append", default=[], metavar="CAPABILITY", help="fail, not skip, where it is missing")
    add(
        "--wheels",
        choices=("skeleton", "real"),
        default="skeleton",
        help="real: two published wheels, too, re-packed in drawn orders; downloaded once",
    )


@pytest.hookimpl(tryfirst=True)  # Hypothesis, too, loads the profile here: it has to be registered by then
def pytest_configure(config: pytest.Config) -> None:
    """Enter the laboratory before anything asks for a temporary directory, and before there is a second thread."""
    config.addinivalue_line("markers", "scenario(requirements): declared by harness.scenario.scenario")
    config.pluginmanager.register(Results(), "exdev-results")
    if (chosen := config.getoption("matrix")) and not hasattr(config, "workerinput"):
        _check_writable(chosen)
    try:
        register(config.getoption("hypothesis_profile", None), remembering(os.environ))
        config.stash[SELECTION] = Selection.of(
            layout=config.getoption("layout"),
            shard=config.getoption("shard"),
            link_mode=config.getoption("link_mode"),
            installer=config.getoption("installer"),
            real_wheels=config.getoption("wheels") == "real",
        )
        # All of them: one that is not usable is to be named now, and not by whatever comes upon it.
        for name in (*reports.names(), *config.getoption("unknown")):
            reports.load(name)
        probe_names = config.getoption("require")
        enter(config)
        missing = _missing(probe_names)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    for finding in missing:
        raise pytest.UsageError(f"--require {finding.name}: missing: {finding.because}. {finding.remedy}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One instance for each layout, link mode and installer that the scenario is about and the user asked for."""
    mark = metafunc.definition.get_closest_marker("scenario")
    if mark is not None:
        requirements: Requirements = mark.args[0]
        instances = tuple(metafunc.config.stash[SELECTION].instances(requirements))
        metafunc.parametrize("lab", instances, ids=[one.id for one in instances], indirect=True, scope="module")


@pytest.hookimpl(trylast=True)  # after -k and -m: whoever asks for fewer gets all of those, and is told of those
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Scenarios of which nothing was asked for are deselected: there is no result to show for them."""
    config.stash[EXCLUSIONS] = _exclusions(config, items)
    gone = {item for item in items if item.get_closest_marker("scenario") and _instance(item) is None}
    gone |= _thinned_out(config, [item for item in items if item not in gone])
    # Only now: whatever is left to others to stand for is the same as in a run of all shards in one.
    shard = config.stash[SELECTION].shard
    gone |= {item for item in items if (instance := _instance(item)) and not instance.is_of(shard)}
    if gone:
        config.hook.pytest_deselected(items=list(gone))
        items[:] = [item for item in items if item not in gone]


def _exclusions(config: pytest.Config, items: Iterable[pytest.Item]) -> set[Exclusion]:
    """What was named, and scenarios exclude."""
    marked = {
        getattr(item, "originalname", item.name): mark.args[0]
        for item in items
        if (mark := item.get_closest_marker("scenario"))
    }
    selection = config.stash[SELECTION]
    return {
        Exclusion(what=what, reason=reason, scenario=name)
        for name, requirements in marked.items()
        for what, reason in selection.exclusions(requirements)
    }


def _thinned_out(config: pytest.Config, items: list[pytest.Item]) -> set[pytest.Item]:
    """See `harness.scenario.thinning`; the thorough profile runs everything."""
    told = [(item, choice) for item in items if (choice := _choice(item))]
    if not told or is_thorough():
        return set()
    efforts = {one.installer: installers.find(one.installer).abilities.effort for _, one in told}
    stays = thinned([choice for _, choice in told], efforts)
    gone = {item for (item, _), stay in zip(told, stays, strict=True) if not stay}
    config.stash[THINNED] = len(gone)
    return gone


def _choice(item: pytest.Item) -> Choice | None:
    instance, mark = _instance(item), item.get_closest_marker("scenario")
    callspec = getattr(item, "callspec", None)
    if instance is None or mark is None or callspec is None or not_applicable(mark.args[0], instance):
        return None
    variant = [str(value) for name, value in sorted(callspec.params.items()) if name != "lab"]
    return Choice(
        scenario=getattr(item, "originalname", item.name),
        layout=instance.layout_name,
        link_mode=instance.link_mode_name,
        installer=instance.installer,
        variant=" ".join(variant),
        everywhere=not (mark.args[0].layouts or mark.args[0].tags),
    )


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, runner: Runner, excusing: tuple[Report, ...]) -> Lab:
    """One layout, link mode and installer to run cases in."""
    instance: Instance = request.param
    possible = tuple(layout for layout in instance.layouts if not _missing(layout.requires))
    if not possible:
        finding = _missing(instance.layouts[0].requires)[0]
        pytest.skip(f"{finding.name} is missing: {finding.because}")
    return Lab(
        runner,
        layouts=possible,
        link_modes=instance.link_modes,
        installer=instance.installer,
        published=request.config.stash[SELECTION].published,
        reports=excusing,
    )


@pytest.fixture(scope="session")
def excusing(pytestconfig: pytest.Config) -> tuple[Report, ...]:
    """The reports that make what they explain known: none, where that is to fail as well."""
    if pytestconfig.getoption("strict_known"):
        return ()
    every = tuple(map(reports.load, reports.names()))
    unknown = {reports.load(name).url for name in pytestconfig.getoption("unknown")}
    return tuple(report for report in every if report.url not in unknown)


@pytest.fixture(scope="session")
def runner(laboratory: Laboratory) -> Runner:
    """Runs cases; remembers control runs."""
    return Runner(laboratory)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What an installer does not do is not applicable to it: neither a pass nor a failure."""
    instance = _instance(item)
    if instance is not None:
        item.stash[_INSTANCE] = instance
        mark = item.get_closest_marker("scenario")
        what = not_applicable(mark.args[0], instance) if mark else ()
        if what:
            pytest.skip(reporting.NOT_APPLICABLE + reporting.AND.join(what))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """What failed before was another scenario's; who takes longer for a step draws fewer examples."""
    lab = getattr(item, "funcargs", {}).get("lab")
    if not isinstance(lab, Lab):
        return (yield)
    lab.begin()
    test, effort = getattr(item, "obj", None), installers.find(lab.installer).abilities.effort
    make_steady(test, item.nodeid)
    with spared(test, effort):
        try:
            return (yield)
        except NotApplicable as lacking:
            pytest.skip(reporting.NOT_APPLICABLE + lacking.what)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Tell the story of a violation instead of a traceback, save its case, and put the result on the report."""
    report: pytest.TestReport = yield
    instance = item.stash.get(_INSTANCE, None)
    if instance is None or (report.when != "call" and report.passed):
        return report
    verdict = _violating(item, call)
    if call.excinfo and isinstance(call.excinfo.value, LayoutUntrue):
        report.longrepr = str(call.excinfo.value)  # the layout's author has to read it, not the harness's
    lab = getattr(item, "funcargs", {}).get("lab")
    told = reporting.Told()
    if verdict is not None and isinstance(lab, Lab):
        told = reporting.violated(verdict, lab, item.config.rootpath)
    elif report.when == "call" and report.passed and isinstance(lab, Lab) and lab.known:
        reporting.mark_known(report, lab)
        told = reporting.explained(lab, item.config.rootpath)
    reporting.attach(report, item, instance, verdict, told)
    report.longrepr = told.story if verdict else report.longrepr
    return report


def _check_writable(path: str) -> None:
    """Before anything runs: a long run must not end in a file that cannot be written."""
    directory = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as refused:
        raise pytest.UsageError(f"--matrix {path}: {directory}: {refused.strerror}") from refused
    if os.path.isdir(path) or not os.access(directory, os.W_OK):
        raise pytest.UsageError(f"--matrix {path}: no file can be written there")


def _violating(item: pytest.Item, call: pytest.CallInfo[None]) -> Verdict | None:
    """What broke a promise; also where Hypothesis complains that it passed when it was tried again."""
    value, lab = call.excinfo.value if call.excinfo else None, getattr(item, "funcargs", {}).get("lab")
    if isinstance(value, Violated):
        return value.verdict
    return lab.failure if isinstance(value, Flaky) and isinstance(lab, Lab) else None


def _missing(capabilities: Collection[str]) -> list[Finding]:
    return [finding for finding in probe(capabilities).values() if not finding.available] if capabilities else []


def _instance(item: pytest.Item) -> Instance | None:
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("lab") if callspec else None
    return found if isinstance(found, Instance) else None
