"""Releases of our own for pip to find in a directory: small, and they wait at a gate where a test asks for it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.wheels import archive, wheel

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
# Reading from a named pipe waits until its other end has been opened, and closed.
_GATE = """
import os, pathlib
try:
    os.write(os.open({log!r}, os.O_WRONLY | os.O_NONBLOCK), b"came by\\n")
except OSError:  # nobody counts any more
    pass
if os.path.exists({gate!r}):
    pathlib.Path({gate!r}).read_bytes()
"""
_BACKEND = """
import os, shutil
def build_wheel(directory, *settings):
    with open("gate.py") as gate:
        exec(gate.read(), {{}})
    return os.path.basename(shutil.copy({wheel!r}, directory))
"""
_PROVIDE = """
import sys
from pathlib import Path
from harness.provisioning import Release, provide
print(provide(Release("installer", sys.argv[1]), cache=Path(sys.argv[2])).directory)
"""


class Offer:
    """A directory of files that pip is told to look into.

    Attributes:
        directory: where they are.
        gate: the named pipe that a release waits at, if it is there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "links"
        self.directory.mkdir()
        self.gate = directory / "gate"
        # Pipes, both: whoever comes by can write to no file that is not its own.
        self._log = directory / "log"
        os.mkfifo(self._log)
        self._log_end = os.open(self._log, os.O_RDWR | os.O_NONBLOCK)
        self._ends: list[int] = []

    def installer(self, version: str, *, requires: tuple[str, ...] = ()) -> None:
        """A wheel of installer, with its gate where the harness asks it for its version."""
        self._write(self._installer(version, self._waits(), requires))

    def source_of_installer(self, version: str, *, also: str = "") -> None:
        """A source archive and no wheel, with its gate where pip builds it; and what its build script does as well."""
        name, data = self._installer(version, b"", ())
        files = {
            "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
            "backend.py": _BACKEND.format(wheel=name).encode(),
            "gate.py": self._waits() + also.encode(),
            "PKG-INFO": f"Metadata-Version: 2.1\nName: installer\nVersion: {version}\n".encode(),
            name: data,
        }
        with tarfile.open(self.directory / f"installer-{version}.tar.gz", "w:gz") as source:
            for path, content in files.items():
                member = tarfile.TarInfo(f"installer-{version}/{path}")
                member.size = len(content)
                source.addfile(member, io.BytesIO(content))

    def pdm(self, version: str, *, says: str, requires: tuple[str, ...] = ()) -> None:
        """A wheel of pdm that prints this when it is asked for its version."""
        files = {"pdm/__init__.py": b"", "pdm/__main__.py": f"print({says!r})".encode()}
        made = wheel("pdm", version, files, requires=requires)
        self._write((made.filename, archive.write(made)))

    def visits(self) -> int:
        """How many times a release came by the gate since this was asked last."""
        try:
            return os.read(self._log_end, 1 << 16).count(b"came by\n")
        except BlockingIOError:
            return 0

    def withdraw(self) -> None:
        """Nothing is offered any more."""
        for path in self.directory.iterdir():
            path.unlink()

    def close(self) -> None:
        """Whatever comes by the gate from now on waits."""
        os.mkfifo(self.gate)

    def reached(self, process: subprocess.Popen[str]) -> None:
        """Waits until a release waits at the gate."""

        def waits() -> bool:
            assert process.poll() is None, "it ended, and has not come to the gate"
            try:
                # Kept open: whoever waits would go on when there is nobody left to wait for.
                self._ends.append(os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # ENXIO: nobody reads
                return False
            return True

        until(waits)

    def open(self) -> None:
        """Nothing waits any more."""
        self.gate.unlink()
        while self._ends:
            os.close(self._ends.pop())

    def end(self) -> None:
        """Nothing is offered any more, and nobody is waited for."""
        if self.gate.is_fifo():
            self.open()
        os.close(self._log_end)

    def _waits(self) -> bytes:
        return _GATE.format(gate=str(self.gate), log=str(self._log)).encode()

    def _installer(self, version: str, main: bytes, requires: tuple[str, ...]) -> tuple[str, bytes]:
        files = {"installer/__init__.py": b"", "installer/__main__.py": main, "installer/sources.py": b""}
        made = wheel("installer", version, files, requires=requires)
        return made.filename, archive.write(made)

    def _write(self, file: tuple[str, bytes]) -> None:
        (self.directory / file[0]).write_bytes(file[1])


def until(holds: Callable[[], bool]) -> None:
    """Waits for something that must come to be so."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def providing(version: str, cache: Path, user: str = "") -> subprocess.Popen[str]:
    """Another process that provides a release of installer, and prints where it is. `user`: of `tests.unprivileged`."""
    command = [sys.executable, "-c", _PROVIDE, version, str(cache)]
    if user:
        command = [sys.executable, "-m", "harness.tests.unprivileged", user, *command]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def busy_with(directory: Path) -> list[str]:
    """The command lines of all processes that have a path below a directory among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if os.fsencode(directory) in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found
