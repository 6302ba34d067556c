"""Checking: facts as a short Python program, and what it is given after each step; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.installers.environment import PYTHON
from harness.installers.scripts import ARGUMENTS, PRINTED
from harness.reproduction.export.facts import BEGINS, INCOMPLETE, RUN, UNLIKE_RECORD

if TYPE_CHECKING:
    from harness.reproduction.export.facts import Facts


def program(facts: Facts) -> str:
    """Compares what is there after a step with facts on its standard input; what differs, it notes beside itself."""
    kinds = {fact.found for fact in facts.states}
    parts, ways = [_FOUND], ""
    if any(kind.startswith((RUN, BEGINS)) for kind in kinds):
        parts.append(_SCRIPT.replace("ARGUMENTS", repr([*ARGUMENTS])[1:-1]).replace("PRINTED", str(PRINTED)))
        ways += f'    if what.startswith(("{RUN}", "{BEGINS}")):\n        text = script(path, what)\n'
    if UNLIKE_RECORD in kinds:
        parts.append(_UNLIKE_RECORD)
        ways += (
            f'    if what == "{UNLIKE_RECORD}":\n        return text.startswith("file") and unlike_record(path), text\n'
        )
    if INCOMPLETE in kinds:
        parts.append(_INCOMPLETE)
        ways += f'    if what == "{INCOMPLETE}":\n        return incomplete(), "a part of it"\n'
    return "".join((*parts, _CHECK.replace("PYTHON", PYTHON).replace("    MORE\n", ways)))


def given(facts: Facts, number: int) -> str:
    """The facts of one step: a line each, as Python literals."""
    status = facts.exits[number - 1]
    lines = [f"('exit', {status})"] if status is not None else []
    lines += [f"('says', {pattern!a})" for pattern in facts.says.get(number, ())[:1]]
    for fact in facts.states:
        if fact.step == number:
            lines.append(f"({fact.contract!a}, {fact.path!a}, {fact.found!a}, {fact.expected!a})")
    return "\n".join(lines)


_FOUND = '''\
import ast, csv, base64, glob, hashlib, os, re, stat, sys, zipfile

def found(path):
    """What is there, in words. What lies behind a symbolic link does not lie there."""
    if not os.path.lexists(path) or os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
        return "nothing"
    mode = os.lstat(path).st_mode
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}
    text = f"{kinds.get(stat.S_IFMT(mode), 'something else')}, mode {stat.S_IMODE(mode):04o}"
    if not stat.S_ISREG(mode):
        return text
    with open(path, "rb") as file:
        content = file.read()
    return f"{text}, {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()[:12]}"
'''

_UNLIKE_RECORD = '''
def unlike_record(path):
    """Whether a RECORD says another hash of this file, or another size."""
    with open(path, "rb") as file:
        content = file.read()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    for record in glob.glob(os.environ["purelib"] + "/*.dist-info/RECORD"):
        with open(record, newline="") as file:
            for name, *said in csv.reader(file):
                there = os.path.realpath(os.path.join(os.environ["purelib"], name))
                if there == path and any(said) and said != [f"sha256={digest}", str(len(content))]:
                    return True
    return False
'''

_SCRIPT = '''
def script(path, what):
    """How a script begins, or what comes of running it."""
    import errno, subprocess
    if not os.path.exists(path):
        return "nothing"
    if what.startswith("begins: "):
        with open(path, "rb") as file:
            line = file.readline().decode(errors="replace").rstrip("\\n")
        return "begins: " + line.replace(os.environ["environment"], "{environment}")
    settings = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    command, none = [path, ARGUMENTS], subprocess.DEVNULL
    try:
        done = subprocess.run(command, stdin=none, stdout=subprocess.PIPE, stderr=none, env=settings, timeout=60)
    except OSError as refused:
        return "run: " + errno.errorcode[refused.errno]
    printed = done.stdout.decode(errors="replace")[:PRINTED].encode()
    return f"run: exit {done.returncode}, printed {hashlib.sha256(printed).hexdigest()[:12]}"
'''

_INCOMPLETE = '''
def incomplete():
    """Whether anything that a wheel brings is not there."""
    wheels = glob.glob(os.environ["wheelhouse"] + "/*.whl")
    names = (name for wheel in wheels for name in zipfile.ZipFile(wheel).namelist())
    return any(not os.path.exists(os.path.join(os.environ["purelib"], name)) for name in names)
'''

_CHECK = """
def compared(key, what):
    role, _, rest = key.partition("/")
    path = os.path.join(os.path.realpath(os.environ[role]), rest.replace("PYTHON", os.environ["py"])).rstrip("/")
    if "*" in path:  # a drawn name, of any depth; not by way of a link
        every = glob.glob(path.replace("/*/", "/**/"), recursive=True)
        path = next((one for one in every if os.path.realpath(os.path.dirname(one)) == os.path.dirname(one)), path)
    text = found(path)
    MORE
    return text.startswith(what), text

status, some, said = int(sys.argv[1]), sys.argv[2] == "some", open(sys.argv[3], errors="replace").read()
seen = {}
for promise, *fact in map(ast.literal_eval, sys.stdin):
    if promise == "exit":
        so, told = status == fact[0], f"exit {fact[0]}"
    elif promise == "says":
        so, told = bool(re.search(fact[0], re.sub(r"\\x1b\\[[0-9;]*m", "", said), re.M)), f"says {fact[0]}"
    else:
        key, what, expected = fact
        so, now = compared(key, what)
        told = f"{promise}: {key}: expected {expected}, found {now}"
    seen.setdefault("what is there" if some and promise not in ("exit", "says") else promise, []).append(so)
    print("   as reported" if so else "   OTHERWISE  ", told)
# Where the installer goes by chance, some of what was seen is enough.
if not all((any if some else all)(one) for one in seen.values()):
    open(sys.argv[3] + ".otherwise", "w").close()
"""
