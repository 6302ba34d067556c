"""Mutants: for every contract, installers that are wrong in one way, and the case in which it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model import Plan
from harness.tests.contracts import wrong
from harness.tests.contracts.altered import changed, wrapped
from harness.tests.contracts.cases import B2, BOTH, CUBLAS, CUBLAS2, LARGE, TOOLS, A, B, case, step

if TYPE_CHECKING:
    from harness.installers import Installer
    from harness.model import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A wrong installer.

    Attributes:
        about: what it does wrong.
        installer: it.
        case: where this shows.
        path: that of the violation.
        also: contracts that cannot but reject it too.
    """

    about: str
    installer: Installer
    case: Case
    path: str
    also: frozenset[str] = frozenset()


_INSTALL = step("install", *BOTH)
_FAILS = step("install", CUBLAS.key)
_SCRIPTS = step("install", TOOLS.key)
_HOLES = frozenset({"complete", "honest-exit"})

MUTANTS: dict[str, tuple[Mutant, ...]] = {
    "complete": (
        Mutant(
            about="drops a file but keeps its row",
            installer=changed(wrong.drops_a_file),
            case=case("plain", _INSTALL),
            path="purelib/nvidia/a/data.txt",
            also=frozenset({"honest-exit"}),
        ),
        Mutant(
            about="forgets a row of RECORD",
            installer=changed(wrong.forgets_a_row),
            case=case("cross-device-cache", _INSTALL),
            path="purelib/nvidia/b/data.txt",
        ),
        Mutant(
            about="leaves the old version's content when it upgrades",
            installer=changed(wrong.keeps_the_old_content),
            case=case("plain", _INSTALL, step("upgrade", B2.key), link_mode="copy"),
            path="purelib/nvidia/b/__init__.py",
            also=frozenset({"honest-exit"}),
        ),
    ),
    "scripts-run": (
        Mutant(
            about="names an interpreter of the machine",
            installer=changed(wrong.names_the_machines_interpreter),
            case=case("plain", _SCRIPTS),
            path="scripts/tools",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="names an interpreter of the machine where nothing can be executed",
            installer=changed(wrong.names_the_machines_interpreter),
            case=case("noexec-environment", _SCRIPTS),
            path="scripts/run",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="leaves the wheel's own first line",
            installer=changed(wrong.leaves_the_placeholder),
            case=case("plain", _SCRIPTS),
            path="scripts/run",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="ends the first line with a carriage return",
            installer=changed(wrong.ends_lines_for_another_system),
            case=case("plain", _SCRIPTS),
            path="scripts/tools",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="writes a path with blanks as it is",
            installer=changed(wrong.writes_the_path_as_it_is),
            case=case("long-path-with-blanks", _SCRIPTS),
            path="scripts/tools",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="calls another attribute than the entry point",
            installer=changed(wrong.calls_another_attribute),
            case=case("plain", _SCRIPTS),
            path="scripts/tools",
        ),
        Mutant(
            about="cuts a wheel's own script short",
            installer=changed(wrong.cuts_a_script_short),
            case=case("plain", _SCRIPTS),
            path="scripts/run",
        ),
        Mutant(
            about="cuts a wheel's own script short where nothing can be executed",
            installer=changed(wrong.cuts_a_script_short),
            case=case("noexec-environment", _SCRIPTS),
            path="scripts/run",
        ),
    ),
    "whole-files": (
        Mutant(
            about="writes a shared file in place while another program does",
            installer=changed(wrong.writes_shared_files_in_place),
            case=case("plain", _INSTALL, plan=Plan(schedule=(0, 1) * 400), link_mode="copy"),
            path="purelib/nvidia/__init__.py",
            also=_HOLES,
        ),
        Mutant(
            about="lets the first of two wheels win",
            installer=changed(wrong.keeps_what_is_there),
            case=case("plain", _INSTALL),
            path="purelib/nvidia/__init__.py",
        ),
        Mutant(
            about="does not win a shared file back when it reinstalls",
            installer=changed(wrong.keeps_what_is_there, "reinstall"),
            case=case("plain", _INSTALL, step("reinstall", A.key)),
            path="purelib/nvidia/__init__.py",
        ),
    ),
    "modes-equal": (
        Mutant(
            about="loses the x bit where it copies",
            installer=changed(wrong.copies_without_modes),
            case=case("cross-device-cache", _INSTALL),
            path="purelib/nvidia/a/tool",
        ),
        Mutant(
            about="makes a directory that only its owner may enter",
            installer=changed(wrong.makes_private_directories),
            case=case("plain", _INSTALL),
            path="purelib/nvidia/a",
        ),
        Mutant(
            about="opens site-packages to everybody",
            installer=wrapped(wrong.opens_the_library, "install"),
            case=case("plain", _INSTALL),
            path="purelib",
        ),
        Mutant(
            about="opens a site-packages that lies outside of the environment to everybody",
            installer=wrapped(wrong.opens_the_library, "install"),
            case=case("symlinked-site-packages", _INSTALL),
            path="purelib",
            also=frozenset({"outside-untouched"}),
        ),
        Mutant(
            about="takes the set-id and sticky bits off site-packages when it uninstalls",
            installer=wrapped(wrong.opens_the_library, "uninstall"),
            case=case("sticky-and-setgid", _INSTALL, step("uninstall", B.key)),
            path="purelib",
        ),
    ),
    "cache-untouched": (
        Mutant(
            about="rewrites RECORD through a link into a warm cache",
            installer=wrapped(wrong.rewrites_record_through_a_link, "install"),
            case=case("plain", step("warm", A.key), step("install", A.key)),
            path="cache/wheels/{nvidia_a}/nvidia_a-1.0.dist-info/RECORD",
        ),
        Mutant(
            about="rewrites RECORD through a link into a cache that was cold",
            installer=wrapped(wrong.rewrites_record_through_a_link, "install"),
            case=case("plain", step("install", A.key)),
            path="cache/wheels/{nvidia_a}/nvidia_a-1.0.dist-info/RECORD",
        ),
    ),
    "outside-untouched": (
        Mutant(
            about="writes through a link out of the environment",
            installer=changed(wrong.follows_links),
            case=case("symlinked-namespace-directory", _INSTALL),
            path="/outside/nvidia/shared.txt",
            also=_HOLES | {"order-independent"},
        ),
        Mutant(
            about="takes away a directory that was there before it",
            installer=wrapped(wrong.removes_the_scripts_directory, "uninstall"),
            case=case("scripts-elsewhere", step("install", A.key), step("uninstall", A.key)),
            path="scripts",
        ),
        Mutant(
            about="leaves a log beside the cache",
            installer=wrapped(wrong.leaves_a_log),
            case=case("plain", step("install", A.key)),
            path="/install.log",
        ),
    ),
    "no-debris": (
        Mutant(
            about="leaves a temporary directory in the cache",
            installer=wrapped(wrong.leaves_a_temporary_directory_in_the_cache),
            case=case("plain", step("install", A.key)),
            path="cache/.tmpQ8w2Zx",
        ),
        Mutant(
            about="leaves what it unpacked",
            installer=wrapped(wrong.leaves_the_unpacked_wheel),
            case=case("temporary-elsewhere", step("install", A.key)),
            path="temporary/unpacked.whl",
        ),
        Mutant(
            about="leaves its files when it fails",
            installer=wrapped(wrong.does_not_undo),
            case=case("read-only-package-directory", _FAILS),
            path="purelib/nvidia/a.txt",
        ),
        Mutant(
            about="leaves an empty directory when it has installed",
            installer=wrapped(wrong.leaves_a_directory),
            case=case("plain", step("install", A.key)),
            path="purelib/build",
        ),
        Mutant(
            about="leaves an empty directory when it fails",
            installer=wrapped(wrong.leaves_its_directories_when_it_fails),
            case=case("read-only-package-directory", _FAILS),
            path="purelib/half_made",
        ),
        Mutant(
            about="leaves an empty directory when it uninstalls",
            installer=changed(wrong.leaves_empty_directories),
            case=case("nested-tmpfs", _INSTALL, step("uninstall", B.key)),
            path="purelib/nvidia/b",
        ),
    ),
    "honest-exit": (
        Mutant(
            about="swallows EXDEV",
            installer=changed(wrong.swallows_exdev),
            case=case("cross-device-cache", step("install", A.key)),
            path="purelib/nvidia/__init__.py",
            also=frozenset({"complete", "order-independent", "no-debris"}),
        ),
        Mutant(
            about="fails although everything is done",
            installer=wrapped(wrong.fails_although_done),
            case=case("plain", step("install", A.key)),
            path="exit status",
        ),
        Mutant(
            about="leaves METADATA when it fails",
            installer=wrapped(wrong.metadata_comes_first),
            case=case("read-only-package-directory", _FAILS),
            path="purelib/nvidia_cublas-1.0.dist-info",
            also=frozenset({"no-debris"}),
        ),
        Mutant(
            about="says that it has warmed a cache that is empty",
            installer=wrapped(wrong.warms_nothing, "warm"),
            case=case("plain", step("warm", A.key)),
            path="cache",
        ),
    ),
    "failure-preserves": (
        Mutant(
            about="has removed the old version when the upgrade fails",
            installer=wrapped(wrong.removes_before_it_installs, "upgrade"),
            case=case(
                "read-only-package-directory",
                step("install", CUBLAS.key, image=True),
                step("upgrade", CUBLAS2.key),
            ),
            path="purelib/nvidia_cublas-1.0.dist-info",
        ),
        Mutant(
            about="names what it has lost as the path that was refused",
            installer=wrapped(wrong.names_what_it_has_lost_as_refused, "upgrade"),
            case=case(
                "read-only-package-directory",
                step("install", CUBLAS.key, image=True),
                step("upgrade", CUBLAS2.key),
            ),
            path="purelib/nvidia_cublas-1.0.dist-info",
        ),
        Mutant(
            about="takes a neighbour's file along when it fails",
            installer=wrapped(wrong.takes_a_neighbours_file),
            case=case("read-only-package-directory", step("install", A.key, image=True), _FAILS),
            path="purelib/nvidia_a-1.0.dist-info",
            also=frozenset({"complete"}),
        ),
        Mutant(
            about="has removed half of it when an uninstall is refused",
            installer=wrapped(wrong.removes_a_file_at_a_time, "uninstall"),
            case=case(
                "read-only-package-directory",
                step("install", CUBLAS.key, image=True),
                step("uninstall", CUBLAS.key),
            ),
            path="purelib/nvidia_cublas-1.0.dist-info",
            also=frozenset({"complete"}),
        ),
    ),
    "rerun-repairs": (
        Mutant(
            about="says that it is installed where space ran out",
            installer=wrapped(wrong.takes_metadata_for_the_whole, "install"),
            case=case("small-environment", step("install", LARGE.key), step("install", LARGE.key, lifted=True)),
            path="purelib/large/data.bin",
            also=_HOLES | {"no-debris"},
        ),
        Mutant(
            about="says that it is not installed, and leaves its files",
            installer=wrapped(wrong.removes_the_dist_info_whatever_comes, "uninstall"),
            case=case(
                "read-only-package-directory",
                step("install", CUBLAS.key, image=True),
                step("uninstall", CUBLAS.key),
                step("uninstall", CUBLAS.key, lifted=True),
            ),
            path="purelib/nvidia/cublas/lib.so",
            also=frozenset({"honest-exit"}),
        ),
        Mutant(
            about="fails again without a word",
            installer=wrapped(wrong.fails_without_a_word),
            case=case("symlinked-namespace-directory", step("install", A.key), step("install", A.key, lifted=True)),
            path="message",
            also=frozenset({"message-names-path-and-errno"}),
        ),
    ),
    "message-names-path-and-errno": (
        Mutant(
            about="says only that it failed",
            installer=wrapped(wrong.says_nothing),
            case=case("read-only-site-packages", step("install", A.key)),
            path="message",
        ),
        Mutant(
            about="names the path and not the errno",
            installer=wrapped(wrong.names_only_the_path),
            case=case("read-only-site-packages", step("install", A.key)),
            path="message",
        ),
        Mutant(
            about="names the errno and not the path",
            installer=wrapped(wrong.names_only_the_errno),
            case=case("read-only-package-directory", _FAILS),
            path="message",
        ),
    ),
    "link-mode-honoured": (
        Mutant(
            about="copies where it could have linked",
            installer=changed(wrong.copies_always),
            case=case("overlay-fresh", _INSTALL),
            path="purelib/nvidia/a/data.txt",
        ),
        Mutant(
            about="links where a copy was asked for",
            installer=changed(wrong.links_always),
            case=case("plain", _INSTALL, link_mode="copy"),
            path="purelib/nvidia/a/data.txt",
        ),
        Mutant(
            about="copies where a symbolic link was asked for",
            installer=changed(wrong.copies_always),
            case=case("cross-device-cache", _INSTALL, link_mode="symlink"),
            path="purelib/nvidia/a/data.txt",
        ),
        Mutant(
            about="copies from a cache that it does not keep",
            installer=wrapped(wrong.keeps_no_cache),
            case=case("cross-device-cache", _INSTALL, strict=True),
            path="purelib/nvidia/a/data.txt",
        ),
        Mutant(
            about="falls back although the link mode is strict",
            installer=changed(wrong.falls_back_when_strict),
            case=case("bind-cache", _INSTALL, strict=True),
            path="purelib/nvidia/a/data.txt",
        ),
    ),
    "order-independent": (
        Mutant(
            about="lets the first of two wheels win where links are impossible",
            installer=wrapped(wrong.first_wins_once_a_link_was_refused),
            case=case("cross-device-cache", _INSTALL),
            path="purelib/nvidia/__init__.py",
            also=frozenset({"whole-files"}),
        ),
    ),
    "uninstall-keeps-shared": (
        Mutant(
            about="removes every row of RECORD",
            installer=changed(wrong.asks_nobody_else, "uninstall"),
            case=case("overlay-fresh", _INSTALL, step("uninstall", B.key)),
            path="purelib/nvidia/shared.txt",
            also=_HOLES,
        ),
        Mutant(
            about="leaves a file that was its own",
            installer=changed(wrong.leaves_a_file),
            case=case("plain", _INSTALL, step("uninstall", B.key)),
            path="purelib/nvidia/b/data.txt",
            also=frozenset({"complete"}),
        ),
    ),
    "bounded-time": (
        Mutant(
            about="tries a link again for ever",
            installer=changed(wrong.links_for_ever),
            case=case("cross-device-cache", step("install", A.key)),
            path="time",
            also=frozenset({"complete"}),
        ),
    ),
}
