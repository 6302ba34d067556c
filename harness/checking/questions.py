"""Questions: what is asked of an installer on a layout: a few cases, always the same, that known defects fail; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.layouts.blueprint import site_path
from harness.model import Case, Plan, Step
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Action, Layout, LinkMode, Wheel

_METADATA: Final = (".dist-info", ".egg-info", ".data")  # of which a wheel has its own, and no other
_SHARED: Final = "nvidia/__init__.py"
_ANYTHING: Final = "exdev_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that is tried.

    Attributes:
        words: what, as people say it.
        case: how.
    """

    words: str
    case: Case


def questions(layout: Layout, *, installer: str, link_mode: LinkMode) -> tuple[Question, ...]:
    """What is tried for one installer and link mode.

    The wheels have files in every directory of site-packages that is a mount or a link in this layout. What a layout
    lays over the image is laid over what the first step of the later cases has installed.
    """
    old, new = _wheels(layout, "1.0"), _wheels(layout, "2.0")
    image = "image" in {mount.after for mount in layout.mounts} | {one.after for one in layout.permissions}

    def asked(words: str, *steps: Step, wheels: tuple[Wheel, ...] = old, order: tuple[str, ...] = ()) -> Question:
        case = Case(
            layout=layout,
            wheels=wheels,
            steps=steps,
            plan=Plan(creation=order),
            installer=installer,
            link_mode=link_mode,
        )
        return Question(words=words, case=case)

    first = _step("install", old, image=image)
    again = (_step("install", old), _step("install", old))
    return (
        asked("installing two wheels that share a file, twice", *again, order=_shared_first(old)),
        asked("installing where later files meet a mount, twice", *again, order=_inner(old)),
        asked("reinstalling", first, _step("reinstall", old), order=_shared_first(old)),
        asked("upgrading", first, _step("upgrade", new), wheels=(*old, *new), order=_inner((*old, *new))),
        asked("uninstalling one of the two wheels", first, _step("uninstall", old[1:])),
    )


def _step(action: Action, wheels: tuple[Wheel, ...], *, image: bool = False) -> Step:
    return Step(action=action, wheels=tuple(one.key for one in wheels), image=image)


def _wheels(layout: Layout, version: str) -> tuple[Wheel, ...]:
    """Two that share a file; the first one has files wherever the layout is odd."""
    content = f"version = {version!r}\n".encode()
    odd = dict.fromkeys((*_odd(layout), "nvidia/cublas/__init__.py"), content)
    script = "[console_scripts]\nexdev-subject = nvidia.cublas:main\n"
    return (
        wheel("nvidia-cublas", version, {_SHARED: b""} | odd, entry_points=script),
        wheel("nvidia-cusolver", version, {_SHARED: b"", "nvidia/cusolver/__init__.py": content}),
    )


def _odd(layout: Layout) -> Iterator[str]:
    """A file in each directory of site-packages that is not like the others, and each that is a mount itself."""
    packages = site_path(layout, "{site_packages}") + "/"
    places = [(mount.at, mount.file) for mount in layout.mounts]
    places += [(link.at, link.target != "directory") for link in layout.symlinks]
    places += [(directory.at, False) for directory in layout.directories]
    for at, is_file in places:
        path = site_path(layout, at)
        if path.startswith(packages) and not path.removeprefix(packages).partition("/")[0].endswith(_METADATA):
            inside = path.removeprefix(packages)
            yield inside if is_file else f"{inside}/{_ANYTHING}.py"


def _shared_first(wheels: tuple[Wheel, ...]) -> tuple[str, ...]:
    """The order of uv#1513: a tmpfs lists the newest name first, which is then a file that both wheels have."""
    directories = ("nvidia", "nvidia/cublas", "nvidia/cusolver")
    return (*(one.dist_info for one in wheels), *directories, _SHARED)


def _inner(wheels: tuple[Wheel, ...]) -> tuple[str, ...]:
    """The other way round: .dist-info is visited first, so that links are known to work when a mount is met."""
    paths = [entry.path for one in wheels for entry in one.entries if not entry.path.startswith(one.dist_info)]
    deep = sorted((path for path in dict.fromkeys(paths) if path != _SHARED), key=lambda path: -path.count("/"))
    tops = dict.fromkeys(path.partition("/")[0] for path in deep)
    inner = dict.fromkeys(path.rpartition("/")[0] for path in deep if path.count("/") > 1)
    return (*tops, *inner, _SHARED, *(one.dist_info for one in wheels))
