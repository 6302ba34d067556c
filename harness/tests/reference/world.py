"""A world in memory for the programs of the reference core: environment, cache, wheelhouse, and what is true there."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness import drivers
from harness.drivers.perform import refused
from harness.model import operation as op
from harness.reference import Settings, install, repair, uninstall
from harness.reference.distributions import located
from harness.reference.records import parse, row_of
from harness.reference.settings import TEMPORARY_PREFIX
from harness.tests.reference.memory import Directory, File, Link, Memory
from harness.wheels import wheel as make_wheel
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.drivers import Perform
    from harness.model import LinkMode, Wheel

ENVIRONMENT = "/env"
PURELIB = f"{ENVIRONMENT}/lib/site-packages"
SHARED = f"{PURELIB}/space/__init__.py"
SETTINGS = Settings(
    cache="/cache",
    temporary="/tmp",  # noqa: S108 - a path in memory
    purelib=PURELIB,
    platlib=PURELIB,
    scripts=f"{ENVIRONMENT}/bin",
    data=ENVIRONMENT,
    headers=f"{ENVIRONMENT}/include",
    python="/env/bin/python3",
)


def alpha(version: str = "1.0") -> Wheel:
    """A wheel with every kind of file; its two versions differ in content, in a file each, and share a namespace."""
    one = version == "1.0"
    files = {
        "space/__init__.py": b"# shared\n" if one else b"# shared, too\n",
        "space/alpha.py": b"one\n" if one else b"two!\n",
        f"alpha_{'old' if one else 'new'}/deep/x.py": b"x",
        f"alpha-{version}.data/scripts/run": b"#!python\nrun\n",
        f"alpha-{version}.data/data/share/a.txt": b"data",
    }
    return make_wheel("alpha", version, files, entry_points="[console_scripts]\ngo = space.alpha:main\n")


def beta() -> Wheel:
    """Another wheel in the same namespace."""
    return make_wheel("beta", "1.0", {"space/__init__.py": b"# shared\n", "space/beta.py": b"beta"})


class World:
    """An environment in memory with some wheels at hand."""

    def __init__(self, *wheels: Wheel, link_mode: LinkMode = "hardlink", clones: bool = True) -> None:
        self.memory = Memory(clones=clones)
        for path in ("/cache", "/tmp", "/wheels", ENVIRONMENT):  # noqa: S108 - paths in memory
            self.memory.make(path)
        self.settings = replace(SETTINGS, link_mode=link_mode)
        self.notes: list[str] = []
        for wheel in wheels or (alpha(), alpha("2.0"), beta()):
            self.add(wheel)

    def copied(self) -> World:
        """The same world again, to go another way from here."""
        copied: World = pickle.loads(pickle.dumps(self))  # noqa: S301 - our own; four times faster than deepcopy
        return copied

    def add(self, wheel: Wheel) -> None:
        """Put an archive into the wheelhouse."""
        self.memory.perform(op.Create(archive(wheel), write(wheel), 0o644))

    def perform(self, operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        """The driver, keeping notes."""
        if isinstance(operation, op.Note):
            self.notes.append(operation.text)
        return self.memory.perform(operation)

    def run(self, program: op.Program[Any], performing: Callable[[Perform], Perform] = lambda inner: inner) -> Any:  # noqa: ANN401
        """Run a program to its end."""
        return drivers.run(program, performing(self.perform))

    def install(self, *wheels: Wheel, **changed: Any) -> None:  # noqa: ANN401 - fields of Settings
        """Install wheels, one after the other."""
        for wheel in wheels:
            self.run(install(archive(wheel), replace(self.settings, **changed)))

    def uninstall(self, name: str, **changed: Any) -> None:  # noqa: ANN401 - fields of Settings
        """Uninstall a distribution."""
        self.run(uninstall(name, replace(self.settings, **changed)))

    def repair(self, wheel: Wheel, **changed: Any) -> None:  # noqa: ANN401 - fields of Settings
        """Repair a distribution."""
        self.run(repair(archive(wheel), replace(self.settings, **changed)))

    def environment(self) -> dict[str, tuple[str, int, bytes | str]]:
        """The environment's tree."""
        return self.memory.tree(ENVIRONMENT)

    def content(self, path: str) -> bytes | None:
        """What a program reads at a path; None where there is no file."""
        inode = self.memory.inode(path)
        for _ in range(8):
            if isinstance(inode, Link):
                inode = self.memory.inode(inode.target)
        return inode.content if isinstance(inode, File) else None

    def installed(self) -> dict[str, list[str]]:
        """What any tool takes for installed (a .dist-info with METADATA), with everything that is wrong with it."""
        found = {}
        for path, _ in self.memory.walk(PURELIB):
            if path.endswith(".dist-info/METADATA"):
                dist_info = path.rpartition("/")[0]
                found[dist_info.rpartition("/")[2].removesuffix(".dist-info")] = self._wrong(dist_info)
        return found

    def _wrong(self, dist_info: str) -> list[str]:
        record = self.content(f"{dist_info}/RECORD")
        if record is None:
            return ["no RECORD"]
        wrong = []
        for row in parse(record, dist_info):
            path = located(row.path, PURELIB)
            content = self.content(path)
            shared = path == f"{PURELIB}/space/__init__.py" and content in {b"# shared\n", b"# shared, too\n"}
            if content is None:
                wrong.append(f"{row.path} is missing")
            elif row.digest and row_of(row.path, content) != row and not shared:
                wrong.append(f"{row.path} is untrue")
        return wrong

    def claimed(self) -> set[str]:
        """Every path that some RECORD names."""
        paths = set()
        for path, _ in self.memory.walk(PURELIB):
            if path.endswith(".dist-info/RECORD"):
                paths |= {located(row.path, PURELIB) for row in parse(self.content(path) or b"", path)}
        return paths

    def debris(self) -> list[str]:
        """Temporary names anywhere, and files that no RECORD names, nor the module they are compiled from."""
        claimed = self.claimed()
        found = []
        for root in (ENVIRONMENT, "/cache", "/tmp"):  # noqa: S108 - paths in memory
            for path, inode in self.memory.walk(root):
                temporary = f"/{TEMPORARY_PREFIX}" in path
                module = path.replace("/__pycache__/", "/").partition(".")[0] + ".py"
                unclaimed = isinstance(inode, File | Link) and not claimed & {path, module} and root == ENVIRONMENT
                if temporary or unclaimed:
                    found.append(path)
        return found


def archive(wheel: Wheel) -> str:
    """Where a wheel's archive lies."""
    return f"/wheels/{wheel.filename}"


def cached(world: World, wheel: Wheel, path: str) -> str:
    """Where a file of a wheel lies in the cache."""
    (entry,) = (
        name
        for name, inode in world.memory.walk("/cache/wheels")
        if name.rpartition("/")[2].startswith(wheel.stem) and isinstance(inode, Directory) and name.count("/") == 3
    )
    return f"{entry}/{path}"


# How a file comes to be where another one was.
REPLACING = (op.Rename, op.Exchange)


def refusing(kind: type | tuple[type, ...], number: int, path: str = "") -> Callable[[Perform], Perform]:
    """Every operation of a kind on paths that start so is refused."""

    def wrap(perform: Perform) -> Perform:
        def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
            if isinstance(operation, kind) and getattr(operation, "path", "").startswith(path):
                raise refused(operation, number)
            return perform(operation)

        return performing

    return wrap
