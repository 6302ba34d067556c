"""What was seen of a machine becomes a layout that is built and true, and what does not is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.layouts import verify
from harness.layouts.capture import Captured, capture
from harness.layouts.storage import Linked
from harness.layouts.validate import problems
from harness.tests.layouts import machines
from harness.tests.layouts.machines import changed, machine

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.layouts.storage import Storage
    from harness.model import Layout

ENVIRONMENT = "/venvs/test"
PURELIB = f"{ENVIRONMENT}/lib/python3.12/site-packages"
# docker run --read-only
READ_ONLY = machines.DOCKER.replace("/ / rw", "/ / ro")
NO_WRITING = {"write purelib": "EROFS", "write temporary": "EROFS"}

MACHINES = {
    "docker": machine(machines.DOCKER, cache="/root/.cache/uv", environment=ENVIRONMENT),
    "docker, environment in the image": changed(
        machine(machines.DOCKER, cache="/root/.cache/uv", environment=ENVIRONMENT), "purelib", lower=True
    ),
    "docker, read-only": machine(READ_ONLY, cache="/root/.cache/uv", environment=ENVIRONMENT, answers=NO_WRITING),
    "docker, read-only with the environment in the image": changed(
        machine(READ_ONLY, cache="/root/.cache/uv", environment=ENVIRONMENT, answers=NO_WRITING), "purelib", lower=True
    ),
    "docker, read-only volume": changed(
        machine(
            machines.DOCKER.replace("/root/.cache rw", "/root/.cache ro"),
            cache="/root/.cache/uv",
            environment=ENVIRONMENT,
            answers={"write cache": "EROFS"},
        ),
        "purelib",
        lower=True,
    ),
    "two volumes": machine(machines.TWO_VOLUMES, cache="/root/.cache/uv", environment=ENVIRONMENT),
    "kubernetes": machine(machines.KUBERNETES, cache="/cache", environment=ENVIRONMENT),
    "wsl": machine(machines.WSL, cache="/home/ada/.cache/uv", environment="/mnt/c/Users/ada/project/.venv"),
    "nfs home": machine(machines.NFS_HOME, cache="/home/ada/.cache/uv", environment="/home/ada/venv"),
    "lxc": machine(machines.LXC, cache="/var/cache/uv", environment="/srv/venv"),
    "btrfs subvolumes": changed(
        machine(
            machines.BTRFS,
            cache="/c",
            environment="/e",
            answers={"link cache purelib": "EXDEV", "rename cache purelib": "EXDEV"},
        ),
        "cache",
        device=99,
    ),
    "no links at all": machine(machines.BTRFS, cache="/c", environment="/e", answers={"link cache purelib": "EPERM"}),
    "another user's environment": machine(
        machines.BTRFS, cache="/c", environment="/e", answers={"write purelib": "EACCES"}
    ),
    "a quota on a volume that is the cache": machine(
        machines.ONE_MOUNT.format(at="/c"), cache="/c", environment="/e", answers={"write cache": "EDQUOT"}
    ),
    "a quota, and everything in one home": machine(
        machines.BTRFS, cache="/h/c", environment="/h/e", answers={"write cache": "EDQUOT", "write purelib": "EDQUOT"}
    ),
    "a full disk": changed(
        machine(machines.ONE_MOUNT.format(at="/c"), cache="/c/uv", environment="/e", answers={"write cache": "ENOSPC"}),
        "cache",
        free=0,
    ),
    "a root that only others write to": machine(
        machines.BTRFS, cache="/h/c", environment="/h/e", temporary="/", answers={"write temporary": "EACCES"}
    ),
    "nothing can be written": machine(
        machines.ONE_MOUNT.format(at="/h"),
        cache="/h/c",
        environment="/h/c/e",
        answers={"write cache": "EIO", "write purelib": "EIO", "write temporary": "EIO"},
    ),
    "everything inside everything": machine(machines.BTRFS, cache="/e/.cache", environment="/e", temporary="/"),
    "a mount between temporary and environment": machine(
        machines.ONE_MOUNT.format(at="/tmp/plain"),  # noqa: S108 - a name on another machine
        cache="/c",
        environment="/tmp/plain/venv",  # noqa: S108 - as above
    ),
    "a mount between environment and cache": machine(
        machines.ONE_MOUNT.format(at="/e/vol"), cache="/e/vol/cache", environment="/e"
    ),
    "a mount between environment, cache and packages": machine(
        machines.ONE_MOUNT.format(at="/e/lib"), cache="/e/lib/cache", environment="/e"
    ),
    "a mount where packages will be": machine(
        machines.ONE_MOUNT.format(at="/e/lib"), cache="/c", environment="/e", packages=False
    ),
    "a mount in the environment beside the cache": machine(
        machines.ONE_MOUNT.format(at="/e/bin"), cache="/e/cache", environment="/e"
    ),
    "one directory": machine(machines.BTRFS, cache="/e", environment="/e", temporary="/e", packages=False),
}


def mounted(layout: Layout) -> list[tuple[str, str]]:
    return [(mount.at, mount.type) for mount in layout.mounts]


def gives(layout: Layout, do: str, source: str, to: str) -> list[str]:
    return [fact.gives for fact in layout.facts if (fact.do, fact.source, fact.to) == (do, source, to)]


@pytest.mark.parametrize("storage", MACHINES.values(), ids=MACHINES)
def test_every_machine_becomes_a_layout_that_is_true(storage: Storage, laboratory: Laboratory) -> None:
    layout = capture(storage).layout
    assert problems(layout) == ()
    assert layout.facts
    verify(layout, laboratory=laboratory)


def test_a_container_with_a_volume_is_an_overlay_with_another_device_in_it() -> None:
    layout = capture(MACHINES["docker"]).layout
    assert mounted(layout) == [("/", "overlay"), ("/root/.cache", "bind")]
    assert {"overlay", "cross-device"} <= set(layout.tags)
    assert gives(layout, "link", "{cache}", "{purelib}") == ["EXDEV"]
    assert gives(layout, "link", "{temporary}", "{purelib}") == ["ok"]


def test_what_an_image_brought_lies_in_the_lower_layer() -> None:
    layout = capture(MACHINES["docker, environment in the image"]).layout
    assert {mount.after for mount in layout.mounts} == {"image"}
    assert "lower-layer" in layout.tags
    assert ("rename-directory", "EXDEV") in [(fact.do, fact.gives) for fact in layout.facts]


def test_two_volumes_of_one_disk_are_one_device_and_refuse_links() -> None:
    layout = capture(MACHINES["two volumes"]).layout
    assert gives(layout, "same-device", "{cache}", "{purelib}") == ["yes"]
    assert gives(layout, "link", "{cache}", "{purelib}") == ["EXDEV"]


def test_a_mount_stays_with_the_roles_that_it_holds() -> None:
    found = {name: mounted(capture(storage).layout) for name, storage in MACHINES.items()}
    assert found["a mount between temporary and environment"] == [("/tmp/plain", "tmpfs")]  # noqa: S108 - as above
    assert found["a mount between environment and cache"] == [("/e/vol", "tmpfs")]
    assert found["a mount in the environment beside the cache"] == [("{environment}/bin", "tmpfs")]


def test_links_of_an_environment_that_moves_go_with_it_and_lead_to_the_mounts_that_stay() -> None:
    links = (Linked(at="/e/lib64", says="lib", leads="/e/lib"), Linked(at="/e/share", says="vol/x", leads="/e/vol/x"))
    layout = capture(replace(MACHINES["a mount between environment and cache"], symlinks=links)).layout
    assert [(link.at, link.to) for link in layout.symlinks] == [
        ("{environment}/lib64", "lib"),
        ("{environment}/share", "/e/vol/x"),
    ]


def test_flags_quotas_and_a_mounted_file_of_a_pod_are_there() -> None:
    captured = capture(MACHINES["kubernetes"])
    mounts = {mount.at: mount for mount in captured.layout.mounts}
    assert mounts["{site_packages}/app/settings.py"].file
    assert "ro" in mounts["{site_packages}/app/settings.py"].flags
    assert "noexec" in mounts["{temporary}"].flags
    assert "file-mount" in captured.layout.tags
    assert any("/venvs has quotas" in remark for remark in captured.remarks)


@pytest.mark.parametrize(
    ("name", "words"),
    [("wsl", "drvfs"), ("nfs home", ".nfs"), ("lxc", "idmapped"), ("btrfs subvolumes", "order of its own")],
)
def test_what_no_layout_has_is_said(name: str, words: str) -> None:
    assert any(words in remark for remark in capture(MACHINES[name]).remarks)


def test_a_refused_link_on_one_mount_becomes_the_nearest_and_says_so() -> None:
    captured = capture(MACHINES["no links at all"])
    assert ("{cache}", "bind") in mounted(captured.layout)
    assert gives(captured.layout, "link", "{cache}", "{purelib}") == []
    assert any("link from cache to purelib gives EPERM; the nearest here is EXDEV" in one for one in captured.remarks)


def test_subvolumes_of_one_mount_are_two_devices() -> None:
    layout = capture(MACHINES["btrfs subvolumes"]).layout
    assert gives(layout, "same-device", "{cache}", "{purelib}") == ["no"]


def test_an_environment_of_somebody_else_is_read_only_here() -> None:
    captured = capture(MACHINES["another user's environment"])
    assert captured.layout.refusals == ("EROFS",)
    assert any("writing into purelib gives EACCES; here EROFS" in remark for remark in captured.remarks)


@pytest.mark.parametrize("answer", ["EDQUOT", "ENOSPC", "EIO", "ESTALE"])
def test_whatever_refuses_to_write_is_read_only_here_and_says_so(answer: str) -> None:
    captured = capture(machine(machines.BTRFS, cache="/c", environment="/e", answers={"write cache": answer}))
    assert mounted(captured.layout) == [("{cache}", "bind")]
    assert [(fact.source, fact.gives) for fact in captured.layout.facts if fact.do == "write"] == [
        ("{purelib}", "ok"),
        ("{temporary}", "ok"),
    ]
    assert f"writing into cache gives {answer}; here EROFS" in captured.remarks
    why = f"writing into cache is refused with {answer}; the nearest here is a read-only mount of its own at /c"
    assert why in captured.remarks


def test_a_refusal_that_is_another_one_here_is_named_and_one_that_is_the_same_is_not() -> None:
    assert capture(MACHINES["another user's environment"]).layout.unwritable == ("purelib",)
    assert capture(MACHINES["a full disk"]).layout.unwritable == ("cache",)
    assert capture(MACHINES["docker, read-only"]).layout.unwritable == ()


def test_a_mount_that_refuses_to_be_written_to_is_read_only_itself() -> None:
    captured = capture(MACHINES["a quota on a volume that is the cache"])
    assert [(mount.at, mount.type, mount.flags) for mount in captured.layout.mounts] == [
        ("{cache}", "tmpfs", ()),
        ("{cache}", "bind", ("ro",)),
    ]


def test_a_full_disk_is_small_and_not_read_only() -> None:
    captured = capture(MACHINES["a full disk"])
    assert [(mount.at, mount.size, mount.flags) for mount in captured.layout.mounts] == [("/c", "4k", ())]
    assert "writing into cache gives ENOSPC; here ENOSPC once a few files are there" in captured.remarks


def test_a_directory_that_holds_only_what_cannot_be_written_to_is_read_only() -> None:
    layout = capture(MACHINES["nothing can be written"]).layout
    assert {mount.at for mount in layout.mounts if "ro" in mount.flags} == {"/h/c", "{site_packages}", "{temporary}"}


def test_what_nobody_may_write_to_stays_writable_where_it_holds_what_is() -> None:
    captured = capture(MACHINES["a root that only others write to"])
    assert captured.layout.mounts == ()
    assert "writing into temporary gives EACCES; here ok" in captured.remarks


ODD = {
    "clone cache purelib": ("ok", "no reflinks"),
    "symlink purelib": ("EPERM", "symbolic link in purelib gives EPERM"),
    "modes purelib": ("changed", "modes of files in purelib"),
    "case purelib": ("ignored", "case of names in purelib is ignored"),
    "long-name purelib": ("ENAMETOOLONG", "255 bytes in purelib gives ENAMETOOLONG"),
    "flock cache": ("ENOLCK", "flock in cache gives ENOLCK"),
    "lockf cache": ("ENOSYS", "fcntl locks in cache give ENOSYS"),
    "execute purelib": ("EACCES", "running a script in purelib gives EACCES; here ok"),
}


@pytest.mark.parametrize(("trial", "told"), ODD.items())
def test_every_odd_answer_is_told(trial: str, told: tuple[str, str]) -> None:
    answer, words = told
    assert not any(words in one for one in capture(MACHINES["lxc"]).remarks)
    captured = capture(machine(machines.LXC, cache="/var/cache/uv", environment="/srv/venv", answers={trial: answer}))
    assert any(words in remark for remark in captured.remarks)


def test_little_space_is_mirrored_and_much_is_not() -> None:
    little = changed(MACHINES["nfs home"], "temporary", free=100 << 20, inodes=500)
    sizes = {mount.at: (mount.size, mount.inodes) for mount in capture(little).layout.mounts}
    assert sizes["{temporary}"] == ("102400k", 501)
    assert sizes["/home/ada"] == (None, None)
    assert "limited" in capture(little).layout.tags


def test_a_full_filesystem_is_one_page(laboratory: Laboratory) -> None:
    layout = capture(changed(MACHINES["nfs home"], "temporary", free=0)).layout
    assert [mount.size for mount in layout.mounts if mount.size] == ["4k"]
    verify(layout, laboratory=laboratory)


def test_links_inside_the_environment_lead_where_they_led(laboratory: Laboratory) -> None:
    links = (
        Linked(at=f"{ENVIRONMENT}/lib64", says="lib", leads=f"{ENVIRONMENT}/lib"),
        Linked(at=f"{PURELIB}/nvidia", says="../../../../../shared/{x}", leads="/shared/{x}"),
        Linked(at=f"{PURELIB}/own", says="/venvs/test/own", leads=f"{ENVIRONMENT}/own"),
    )
    layout = capture(replace(MACHINES["docker"], symlinks=links)).layout
    assert [(link.at, link.to) for link in layout.symlinks] == [
        ("{environment}/lib64", "lib"),
        ("{site_packages}/nvidia", "/shared/exdev-1"),
        ("{site_packages}/own", "{environment}/own"),
    ]
    assert {"symlinked", "escape"} <= set(layout.tags)
    verify(layout, laboratory=laboratory)


def test_without_a_trial_nothing_is_claimed_that_was_not_seen() -> None:
    captured = capture(replace(MACHINES["docker"], answers=(), probed=False))
    assert {fact.do for fact in captured.layout.facts} == {"same-device"}
    assert any("nothing was tried" in remark for remark in captured.remarks)


def test_of_very_many_mounts_the_first_are_mirrored_and_the_rest_is_said() -> None:
    lines = "".join(f"{n} 600 0:{n} / {PURELIB}/p{n} rw - tmpfs t rw\n" for n in range(1000, 1100))
    captured = capture(machine(machines.DOCKER + lines, cache="/root/.cache/uv", environment=ENVIRONMENT))
    assert problems(captured.layout) == ()
    assert sum(mount.at.startswith("{site_packages}/") for mount in captured.layout.mounts) == 24
    assert "100 mounts inside the environment: the first 24 are mirrored" in captured.remarks


def test_mounts_with_names_that_no_layout_can_say_are_there_under_others(laboratory: Laboratory) -> None:
    odd = (r"{x}", r"new\012line", "\udcff", "n" * 200, "m" * 250 + "/" + "k" * 250)
    lines = "".join(f"{n} 600 0:{n} / {PURELIB}/{name} rw - tmpfs t rw\n" for n, name in enumerate(odd, 1000))
    lines += rf"1099 1001 0:99 / {PURELIB}/new\012line/deeper rw - tmpfs t rw"
    layout = capture(machine(machines.DOCKER + lines, cache="/root/.cache/uv", environment=ENVIRONMENT)).layout
    assert len({mount.at for mount in layout.mounts}) == 3 + len(odd)
    verify(layout, laboratory=laboratory)


NAMES = st.text(min_size=1, max_size=40).filter(
    lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}
)
PATHS = st.lists(
    NAMES
    | st.binary(min_size=1, max_size=9)
    .filter(lambda one: not set(one) & set(b"/\0"))
    .map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    .filter(lambda name: name not in {".", ".."}),
    min_size=1,
    max_size=9,
).map(lambda names: "/" + "/".join(names))


@given(cache=PATHS, environment=PATHS, temporary=PATHS)
def test_whatever_the_paths_are_the_layout_is_sound(cache: str, environment: str, temporary: str) -> None:
    storage = machine(machines.BTRFS, cache=cache, environment=environment, temporary=temporary)
    captured: Captured = capture(storage)
    assert problems(captured.layout) == ()
