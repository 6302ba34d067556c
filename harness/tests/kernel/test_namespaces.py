"""Private namespaces are entered as root and as a plain user, and a refusal names its cause and remedy."""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import platform
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from harness.errors import NamespaceRefused
from harness.kernel import mountinfo, mounts, namespaces, refusal, syscalls
from harness.kernel.laboratory import open_laboratory
from harness.kernel.refusal import Circumstances
from harness.tests.kernel.child import call, drop_capabilities

USERS_UNSHARE = "unshare(CLONE_NEWUSER|CLONE_NEWNS)"
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
UNSHARE_NUMBERS = {"x86_64": 272, "aarch64": 97, "riscv64": 97}


def identity() -> tuple[namespaces.Entered, tuple[int, int], tuple[int, int], bool]:
    before = os.geteuid(), os.getegid()
    entered = namespaces.enter()
    return entered, before, (os.geteuid(), os.getegid()), namespaces.may_mount()


def test_everyone_is_root_inside_and_known_by_the_outer_ids(user: str) -> None:
    entered, before, inside, may_mount = call(identity, user=user)
    assert inside == (0, 0)
    assert may_mount
    assert (entered.uid, entered.gid) == before
    assert entered.user or user == "root"


def entered_twice() -> tuple[bool, bool]:
    def mark() -> tuple[int, int]:
        return Path("/proc/self/ns/mnt").stat().st_ino, Path("/proc/self/ns/user").stat().st_ino

    first, marks = namespaces.enter(), mark()
    return namespaces.enter() == first, mark() == marks


def test_entering_again_changes_nothing_in_the_same_process(user: str) -> None:
    assert call(entered_twice, user=user) == (True, True)


def propagations() -> list[tuple[str, ...]]:
    namespaces.enter()
    return [entry.propagation for entry in mountinfo.read() if entry.propagation]


def test_no_mount_is_shared_with_anyone_after_entering(user: str) -> None:
    assert call(propagations, user=user) == []


def capabilities_after_exec() -> str:
    namespaces.enter()
    command = ["/bin/sh", "-c", "while read key value; do [ $key = CapEff: ] && echo $value; done </proc/self/status"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_the_right_to_mount_survives_an_exec(user: str) -> None:
    assert int(call(capabilities_after_exec, user=user), 16) >> 21 & 1


def child_of_an_entered_process() -> tuple[bool, ...]:
    parent = namespaces.enter()
    outer = Path("/proc/self/ns/mnt").stat().st_ino, Path("/proc/self/ns/user").stat().st_ino
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        entered = namespaces.enter()
        inner = Path("/proc/self/ns/mnt").stat().st_ino, Path("/proc/self/ns/user").stat().st_ino
        os.write(writer, pickle.dumps((entered == parent, inner[0] != outer[0], inner[1] == outer[1])))
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader, "rb") as answer:
        said: tuple[bool, ...] = pickle.loads(answer.read())  # noqa: S301 - written by our own child
    return said


def test_a_child_takes_a_mount_namespace_but_no_user_namespace(user: str) -> None:
    same_entered, own_mounts, same_user = call(child_of_an_entered_process, user=user)
    assert same_entered
    assert own_mounts
    assert same_user


def everything_mounted() -> None:
    with open_laboratory() as laboratory, mounts.bind(laboratory.temporary, laboratory.sites):
        pass


def test_the_host_sees_no_mount_come_or_go(user: str) -> None:
    before = Path("/proc/self/mountinfo").read_bytes()
    call(everything_mounted, user=user)
    assert Path("/proc/self/mountinfo").read_bytes() == before


def entering_with_threads() -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        namespaces.enter()
    finally:
        done.set()
        other.join()


def test_a_plain_user_with_threads_is_told_so() -> None:
    with pytest.raises(NamespaceRefused) as caught:
        call(entering_with_threads, user="plain")
    assert (caught.value.operation, caught.value.errno) == (USERS_UNSHARE, errno.EINVAL)
    assert "2 threads" in caught.value.cause
    assert "before any thread starts" in caught.value.remedy


def entering_where_none_are_left() -> None:
    # The limit is one of each user namespace: set to nothing in a new one, it concerns only what is made below that.
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    namespaces._become_root(uid, gid)
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="utf-8")
    drop_capabilities()
    namespaces.enter()


def test_a_machine_without_user_namespaces_names_the_setting(user: str) -> None:
    with pytest.raises(NamespaceRefused) as caught:
        call(entering_where_none_are_left, user=user)
    assert (caught.value.operation, caught.value.errno) == (USERS_UNSHARE, errno.ENOSPC)
    assert "user.max_user_namespaces is 0" in caught.value.cause
    assert caught.value.remedy == "sudo sysctl -w user.max_user_namespaces=15000"


def forbid_unshare() -> None:
    """What Docker's default profile does, as a filter of four instructions: unshare(2) gives EPERM; seccomp(2)."""
    number = UNSHARE_NUMBERS[platform.machine()]
    program = b"".join(
        struct.pack("HBBI", code, jump_true, jump_false, value)
        for code, jump_true, jump_false, value in (
            (0x20, 0, 0, 0),  # load the number of the system call
            (0x15, 0, 1, number),  # unshare?
            (0x06, 0, 0, 0x00050000 | errno.EPERM),  # SECCOMP_RET_ERRNO
            (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
        )
    )
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("HxxxxxxP", 4, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0) == 0


def entering_under_a_filter() -> None:
    forbid_unshare()
    namespaces.enter()


@pytest.mark.skipif(platform.machine() not in UNSHARE_NUMBERS, reason="the number of unshare(2) is not known here")
def test_a_seccomp_filter_is_named_with_dockers_options(user: str) -> None:
    with pytest.raises(NamespaceRefused) as caught:
        call(entering_under_a_filter, user=user)
    assert caught.value.errno == errno.EPERM
    assert "seccomp" in caught.value.cause
    assert "--security-opt seccomp=unconfined" in caught.value.remedy
    assert "--cap-add SYS_ADMIN" in caught.value.remedy


# Machines that cannot be had here: what each shows of itself, and what has to be said.
@pytest.mark.parametrize(
    ("operation", "number", "seen", "cause", "remedy"),
    [
        pytest.param(
            "write /proc/self/uid_map",
            errno.EPERM,
            Circumstances(apparmor_restricts=1, profile="unprivileged_userns"),
            "apparmor_restrict_unprivileged_userns",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            id="ubuntu lets unshare pass",
        ),
        pytest.param(
            USERS_UNSHARE,
            errno.EACCES,
            Circumstances(apparmor_restricts=1, profile="unconfined"),
            "apparmor_restrict_unprivileged_userns",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            id="ubuntu refuses unshare",
        ),
        pytest.param(
            USERS_UNSHARE,
            errno.EPERM,
            Circumstances(apparmor_restricts=1, seccomp=2, profile="docker-default"),
            "seccomp",
            "--security-opt seccomp=unconfined",
            id="docker on ubuntu",
        ),
        pytest.param(
            "mount(/, MS_REC|MS_PRIVATE)",
            errno.EACCES,
            Circumstances(apparmor_restricts=1, profile="docker-default"),
            "'docker-default'",
            "--security-opt apparmor=unconfined",
            id="docker without its filter",
        ),
        pytest.param(
            USERS_UNSHARE,
            errno.EPERM,
            Circumstances(unprivileged_clone=0),
            "kernel.unprivileged_userns_clone is 0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            id="old debian",
        ),
        pytest.param(
            "unshare(CLONE_NEWNS)",
            errno.ENOSPC,
            Circumstances(mount_namespaces=0, user_namespaces=7),
            "user.max_mnt_namespaces is 0",
            "sudo sysctl -w user.max_mnt_namespaces=15000",
            id="no mount namespaces",
        ),
        pytest.param(
            USERS_UNSHARE,
            errno.ENOSPC,
            Circumstances(mount_namespaces=9, user_namespaces=7),
            "nested deeper than 32",
            "start less nested",
            id="nested too deep",
        ),
        pytest.param(
            USERS_UNSHARE, errno.EINVAL, Circumstances(), "CONFIG_USER_NS", "run as root", id="kernel without them"
        ),
        pytest.param(USERS_UNSHARE, errno.EPERM, Circumstances(), "a chroot", "outside of any chroot", id="chroot"),
        pytest.param(USERS_UNSHARE, errno.ENOMEM, Circumstances(), "ENOMEM", "unshare(2)", id="anything else"),
    ],
)
def test_each_kind_of_machine_gets_its_own_remedy(
    operation: str, number: int, seen: Circumstances, cause: str, remedy: str
) -> None:
    said_cause, said_remedy = refusal.explain(operation, number, seen)
    assert cause in said_cause
    assert remedy in said_remedy


def test_namespace_refusals_survive_pickling() -> None:
    refused = NamespaceRefused(operation="unshare", errno=1, cause="no", remedy="ask")
    assert str(pickle.loads(pickle.dumps(refused))) == "unshare: EPERM. Cause: no. Remedy: ask"  # noqa: S301 - ours
