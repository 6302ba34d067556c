"""Files and directories of a layout: they lie where a user would see them, whoever builds it, or are refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid, LayoutUntrue
from harness.kernel import mountinfo
from harness.kernel.laboratory import open_laboratory
from harness.layouts import build, load, picture, validate, verify
from harness.layouts.obstacles import Permit, obstacles
from harness.layouts.validate import problems
from harness.model import Case, Directory, Fact, File, Layout, Mount, Permission, Step, Symlink, codec
from harness.run import Runner
from harness.tests.kernel.child import call
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

_FILE = File(at="{purelib}/neighbour/data.txt", content=b"kept\n", mode="640")
_LATE = Mount(at="{purelib}/neighbour", type="tmpfs", flags=("ro",), after="image")


def _layout(*mounts: Mount, links: tuple[Symlink, ...] = (), files: tuple[File, ...] = (_FILE,)) -> Layout:
    return Layout(name="mine", about="x", mounts=mounts, symlinks=links, files=files)


_PLACES = {
    "plain": _layout(),
    "a mount of its own": _layout(Mount(at="{purelib}", type="tmpfs")),
    "read-only at once": _layout(Mount(at="{purelib}", type="tmpfs", flags=("ro",))),
    "a volume": _layout(Mount(at="{purelib}/neighbour", type="bind", source="volume", flags=("ro",))),
    "bound from elsewhere": _layout(Mount(at="{purelib}", type="bind", source="/elsewhere")),
    "one mount on another": _layout(
        Mount(at="{purelib}", type="tmpfs"), Mount(at="{purelib}/neighbour", type="tmpfs", flags=("ro",))
    ),
    "laid after the image": _layout(_LATE),
    "two mounts at one place": _layout(Mount(at="{purelib}/neighbour", type="tmpfs"), _LATE),
    "an overlay": _layout(Mount(at="{environment}", type="overlay", flags=("ro",))),
    "a later overlay": _layout(Mount(at="/", type="overlay", after="image", lowers=2)),
    "a file that is mounted": _layout(Mount(at=_FILE.at, type="bind", file=True, flags=("ro",))),
    "a file from a volume": _layout(Mount(at=_FILE.at, type="bind", file=True, source="volume", after="image")),
    "behind a link": _layout(links=(Symlink(at="{purelib}/neighbour", to="/elsewhere"),)),
    "behind links on a mount": _layout(
        Mount(at="{purelib}", type="tmpfs"),
        Mount(at="/elsewhere", type="tmpfs", flags=("ro",)),
        links=(Symlink(at="{purelib}/neighbour", to="/a/link"), Symlink(at="/a", to="/elsewhere")),
    ),
    "where a link leads": _layout(links=(Symlink(at="/link", to=_FILE.at, target="missing"),)),
    "closed directories": Layout(
        name="mine",
        about="x",
        files=(_FILE,),
        directories=(Directory(at="{purelib}/neighbour", mode="500"), Directory(at="{purelib}", mode="2555")),
    ),
}


def _seen() -> dict[str, tuple[bytes, int, bool]]:
    """In a child: content and mode of the file, and whether it is furniture; nothing stays behind."""
    found = {}
    with open_laboratory() as laboratory:
        before = mountinfo.read()
        for place, layout in _PLACES.items():
            verify(layout, laboratory=laboratory)
            with build(layout, laboratory=laboratory) as site:
                site.finish_image()
                path = site.path(_FILE.at)
                known = {path, os.path.realpath(path)} <= site.furniture
                found[place] = (Path(path).read_bytes(), stat.S_IMODE(os.stat(path).st_mode), known)
            assert mountinfo.read() == before, place
    return found


@pytest.mark.parametrize("user", ["", "plain"])
def test_a_file_is_seen_at_its_place(user: str) -> None:
    assert call(_seen, user=user) == dict.fromkeys(_PLACES, (b"kept\n", 0o640, True))


@pytest.mark.parametrize("place", ["an overlay", "a later overlay"])
def test_a_file_on_an_overlay_lies_in_its_lower_layer(laboratory: Laboratory, place: str) -> None:
    layout = _PLACES[place]
    with build(layout, laboratory=laboratory) as site:
        site.finish_image()
        (overlay,) = (entry for entry in mountinfo.below(site.root) if entry.type == "overlay")
        upper = next(option.partition("=")[2] for option in overlay.super_options if option.startswith("upperdir="))
        assert not [name for _, _, names in os.walk(upper) for name in names]


def test_directories_have_their_modes_whatever_the_umask_is(laboratory: Laboratory) -> None:
    modes = {"{purelib}/closed": "000", "{purelib}/closed/within": "700", "/sticky": "1777", "/group": "2775"}
    layout = Layout(name="mine", about="x", directories=tuple(Directory(at=at, mode=modes[at]) for at in modes))
    before = os.umask(0o077)
    try:
        with build(layout, laboratory=laboratory) as site:
            assert {at: f"{stat.S_IMODE(os.stat(site.path(at)).st_mode):03o}" for at in modes} == modes
    finally:
        os.umask(before)


def test_a_permission_may_be_of_a_file(laboratory: Laboratory) -> None:
    link = Symlink(at="/link", to="/target", target="file")
    permissions = tuple(Permission(at=at, mode="400") for at in (_FILE.at, "/link"))
    layout = Layout(name="mine", about="x", files=(_FILE,), symlinks=(link,), permissions=permissions)
    verify(layout, laboratory=laboratory)
    with build(layout, laboratory=laboratory) as site:
        for at in (_FILE.at, "/target"):
            found = os.stat(site.path(at)).st_mode
            assert (stat.S_ISREG(found), stat.S_IMODE(found)) == (True, 0o400)


def test_what_hides_a_file_is_found_by_verifying(laboratory: Laboratory) -> None:
    # Two paths of one place, which only the kernel knows to be one.
    bound = Mount(at="{purelib}", type="bind", source="/elsewhere")
    twice = _layout(bound, files=(_FILE, File(at="/elsewhere/neighbour/data.txt", content=b"other")))
    with pytest.raises(
        LayoutUntrue, match=r"expected a file of 5 bytes, mode 0644, found a file of 5 bytes, mode 0640"
    ):
        verify(twice, laboratory=laboratory)


def test_a_file_that_does_not_fit_is_said_without_its_content(laboratory: Laboratory) -> None:
    large = File(at="{cache}/large", content=b"x" * (1 << 20))
    with pytest.raises(LayoutUntrue, match=r"PutFile \S+/cache/large 420: ENOSPC$"):
        verify(_layout(Mount(at="{cache}", type="tmpfs", size="64k"), files=(large,)), laboratory=laboratory)


def test_a_mode_that_denies_is_lifted() -> None:
    directories = (Directory(at="{purelib}/a", mode="500"), Directory(at="{purelib}/b", mode="700"))
    files = (File(at="{purelib}/a/f", mode="444"), File(at="{purelib}/b/f"))
    found = obstacles(Layout(name="mine", about="x", files=files, directories=directories), "")
    library = f"/environment/lib/{os.path.basename(load('plain').roles.resolve('/{python}'))}/site-packages"
    assert found == (Permit(f"{library}/a", 0o755), Permit(f"{library}/a/f", 0o644))


def test_the_picture_shows_files_and_directories() -> None:
    drawn = picture(Layout(name="mine", about="x", files=(_FILE,), directories=(Directory(at="/empty"),)))
    assert "/empty                              directory" in drawn
    assert "{site_packages}/neighbour/data.txt  file of 5 bytes, mode 640" in drawn


def test_what_was_there_before_is_nobodys_fault(laboratory: Laboratory) -> None:
    one = wheel("one", files={"neighbour/__init__.py": b"", "one/__init__.py": b""})
    steps = tuple(Step(action=action, wheels=(one.key,)) for action in ("install", "reinstall", "uninstall"))
    layout = Layout(name="mine", about="x", files=(_FILE,), directories=(Directory(at="{purelib}/empty", mode="700"),))
    for installer in ("reference", "pip==26.3"):
        case = Case(layout=layout, wheels=(one,), steps=steps, installer=installer, link_mode="copy")
        verdict = Runner(laboratory).run(case)
        assert verdict.holds, "\n".join(map(str, verdict.violations))


_REFUSED = {
    '[[file]]\nat = "{purelib}/../x"': "file[0].at: '{purelib}/../x': '..' could leave the site",
    '[[file]]\nat = "x"': "file[0].at: 'x': neither absolute nor starting with a role",
    '[[file]]\nat = "/"': "file[0].at: / is the whole site",
    '[[file]]\nat = "/a"\nmode = "999"': "file[0].mode: '999' is not an octal mode like '755' or '1777'",
    '[[file]]\nat = "/a"\nmode = 420': "file[0].mode: expected a text, found 420",
    '[[file]]\nat = "/a"\ncontent = 3': "file[0].content: expected a text or {base64 = ...}, found 3",
    '[[file]]\nat = "/a"\ncontent = {base64 = "&"}': "file[0].content.base64: not base64: '&'",
    '[[file]]\nat = "/a"\nmood = "x"': "file[0].mood: unknown key 'mood'; did you mean 'mode'?",
    '[[directory]]\nat = "/a"\nmode = "77777"': "directory[0].mode: '77777' is not an octal mode like '755' or '1777'",
    '[[directory]]\nmode = "755"': "directory[0].at: missing",
    '[[file]]\nat = "/a"\n[[file]]\nat = "/a/"': "file[1].at: /a is file[0] as well",
    '[[file]]\nat = "/a"\n[[directory]]\nat = "/a"': "directory[0].at: /a is file[0], a file",
    '[[directory]]\nat = "/a"\n[[directory]]\nat = "/a"': "directory[1].at: /a is directory[0] as well",
    '[[file]]\nat = "/a"\n[[file]]\nat = "/a/b/c"': "file[1].at: /a/b/c lies below file[0] at /a, which is a file",
    '[[file]]\nat = "/a/b"\n[[file]]\nat = "/a"': "file[1].at: /a is a file, and file[0] at /a/b lies below it",
    '[[file]]\nat = "{cache}"': "file[0].at: /cache is the cache directory, a directory",
    '[[file]]\nat = "/environment/lib"': "file[0].at: /environment/lib is a file, and the purelib directory at ",
    '[[file]]\nat = "/a"\n[[mount]]\nat = "/a"\ntype = "tmpfs"': "file[0].at: /a is mount[0], a directory",
    '[[directory]]\nat = "/a"\n[[mount]]\nat = "/a"\ntype = "bind"\nfile = true': (
        "directory[0].at: /a is mount[0], a file"
    ),
    '[[file]]\nat = "/a"\n[[permission]]\nat = "/a/b"': "file[0].at: /a is a file, and permission[0] at /a/b lies",
    '[[file]]\nat = "/a"\n[[symlink]]\nat = "/a"\nto = "/b"': "file[0].at: /a is a symbolic link of this layout",
    '[[file]]\nat = "/a/l"\n[[symlink]]\nat = "/b/l"\nto = "/c"\n[[symlink]]\nat = "/a"\nto = "/b"': (
        "file[0].at: /a/l is a symbolic link of this layout"
    ),
    '[[file]]\nat = "/l/x"\n[[file]]\nat = "/b/x"\n[[symlink]]\nat = "/l"\nto = "/b"': "file[1].at: /b/x is file[0]",
    '[[file]]\nat = "/b"\n[[symlink]]\nat = "/l"\nto = "/b"': "file[0].at: /b is the target of symlink[0], a directory",
    '[[file]]\nat = "/b/c"\n[[symlink]]\nat = "/l"\nto = "/b"\ntarget = "file"': (
        "file[0].at: /b/c lies below the target of symlink[0] at /b, which is a file"
    ),
}


@pytest.mark.parametrize("text", _REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_mounted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "mine"\nabout = "x"\n{text}\n')
    with pytest.raises(FileInvalid) as caught:
        codec.load(Layout, path, check=validate.check)
    (problem,) = caught.value.problems
    assert str(problem).startswith(_REFUSED[text])


def test_size_and_number_of_files_are_bounded() -> None:
    large = _layout(files=(File(at="/a", content=b"x" * ((1 << 20) + 1)),))
    assert [str(one) for one in problems(large)] == ["file[0].content: 1048577 bytes are more than 1048576"]
    many = _layout(files=tuple(File(at=f"/f{number}") for number in range(65)))
    assert [str(one) for one in problems(many)] == ["file: 65 of them are more than 64"]


def test_a_fact_may_be_about_a_file(laboratory: Laboratory) -> None:
    facts = (Fact(do="write", source=_FILE.at, gives="EROFS"),)
    layout = Layout(
        name="mine", about="x", mounts=(Mount(at="{purelib}", type="tmpfs", flags=("ro",)),), files=(_FILE,)
    )
    verify(Layout(**{**{f: getattr(layout, f) for f in layout.__slots__}, "facts": facts}), laboratory=laboratory)
