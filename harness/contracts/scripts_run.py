"""scripts-run: every installed script starts the environment's interpreter and does what its wheel says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.wheels.launchers import PLACEHOLDER, flaw, interpreter, launcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation
    from harness.model.evidence import Execution, ScriptEvidence
    from harness.wheels.expected import ExpectedFile

NAME = "scripts-run"
_SHOWN = 80  # characters of a first line, or of what was printed


def check(scene: Scene) -> Iterator[Violation]:
    """Judged of scripts that installers make, or give a first line, by running them; where they cannot be, by reading.

    Sources: Binary distribution format ("#!python" is replaced), Entry points specification (what a script calls),
    execve(2) (what a first line may be). That a script is there at all, and may be executed, is for others to say.
    """
    for path, script in scene.evidence.steps[scene.index].scripts.items():
        file = scene.expectation.files.get(path)
        if file is None or path in scene.lost or _is_left_by_another(path, file, scene):
            continue
        texts = _fault(path, script, file, scene)
        if texts:
            yield scene.violation(NAME, path, *texts)


def _is_left_by_another(path: str, file: ExpectedFile, scene: Scene) -> bool:
    """A script of several wheels stays as it is when its last writer is uninstalled."""
    return path in scene.book.made_by_several and len(file.claims) == 1 and scene.is_left_alone(path)


def _fault(path: str, script: ScriptEvidence, file: ExpectedFile, scene: Scene) -> tuple[str, str] | None:
    """What was expected of a script, and what was found; None: nothing is wrong."""
    line = _shown(script.content.partition(b"\n")[0].decode(errors="replace"), scene)
    if script.content.startswith(PLACEHOLDER):
        return "the environment's interpreter in the first line", f"the wheel's own {line}"
    if reason := flaw(script.content):
        return "a first line that starts the environment's interpreter", f"{reason}: {line}"
    if script.in_environment is False:
        # Blanks end a path in a first line (execve(2)).
        other = _shown(interpreter(script.content), scene)
        return "a first line that starts the environment's interpreter", f"one that starts {other!r}: {line}"
    if not _is_as_archived(path, script, file, scene):
        return "what the archive holds, after the first line", "something else"
    return _misbehaviour(script, line, scene)


def _is_as_archived(path: str, script: ScriptEvidence, file: ExpectedFile, scene: Scene) -> bool:
    """Whether a script of some wheel's own is as in the archive, but for what starts it."""
    wheels = [wheel for wheel in scene.wanted if wheel.key in {claim.wheel for claim in file.claims}]
    archived = [content for wheel in wheels if (content := scene.book.script_in_archive(wheel, path)) is not None]
    if len(archived) < len(wheels):
        return True  # made from an entry point
    rest = script.content[len(launcher(script.content)) :]
    return any(rest == content.partition(b"\n")[2] for content in archived)


def _misbehaviour(script: ScriptEvidence, line: str, scene: Scene) -> tuple[str, str] | None:
    ran = script.ran
    if ran is None:
        return None
    if ran.refusal:
        return "a script that can be started", f"{ran.refusal}: {line}"
    installed = {wheel.key for wheel in scene.wanted}
    called = [execution for wheel, execution in script.called.items() if wheel in installed]
    if not called or ran in called:
        return None
    return f"what its wheel says: {_result(called[-1], scene)}", f"{_result(ran, scene)}, by {line}"


def _result(execution: Execution, scene: Scene) -> str:
    if execution.refusal:
        return execution.refusal
    printed = "" if execution.output is None else f", printed {_shown(execution.output, scene)!r}"
    return f"exit {execution.exit}{printed}"


def _shown(text: str, scene: Scene) -> str:
    """A text with roles for paths, so that it is the same on every machine."""
    evidence = scene.evidence
    text = text.replace(evidence.roots.get("environment", "\n"), "{environment}").replace(evidence.root or "\n", "")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
