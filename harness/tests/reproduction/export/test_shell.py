"""Words, comments and here-documents: whatever text holds, a shell reads it back as it was, and runs nothing of it."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.installers.environment import PYTHON
from harness.reproduction.export.shell import Names, comment, filled, here

NAMES = Names(variables={"/place/root": "root", "/place/root/cache": "cache"}, substitutions={"c0ffee": "$(echo tea)"})
HOSTILE = [
    "x\nrm -rf /",
    "$(touch /precious)",
    "`id`",
    '"; exit 3 #',
    "'",
    "\\",
    "a\\\nb",
    "EOF",
    "$root",
    "-n",
    "!!",
    "",
]
# What a shell's word can hold: everything but NUL, in UTF-8.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


def said(script: str) -> str:
    done = subprocess.run(["sh", "-euc", script], capture_output=True, check=True)
    return done.stdout.decode()


@given(text=TEXT | st.sampled_from(HOSTILE))
def test_a_word_is_read_back_as_it_was(text: str) -> None:
    assert said(f"printf %s {NAMES.word(text)}") == text


@given(text=TEXT | st.sampled_from(HOSTILE))
def test_a_path_in_a_word_becomes_its_variable_and_the_rest_stays(text: str) -> None:
    word = NAMES.word(f"/place/root/cache/{text}")
    assert said(f"cache=/new; printf %s {word}") == f"/new/{text}"


@example(text="E\x80")
@given(text=TEXT | st.sampled_from(HOSTILE))
def test_a_document_is_read_back_as_it_was(text: str) -> None:
    whole = text if text.endswith("\n") else f"{text}\n"
    assert said(f"cat {here(text)}") == whole
    assert said(f"cat {NAMES.document(text)}") == whole


@given(text=TEXT | st.sampled_from(HOSTILE))
def test_a_comment_is_one_line_of_comment(text: str) -> None:
    assert said(f"{comment(text)}\nprintf ok") == "ok"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plain", "plain"),
        ("/place/root/cache", '"$cache"'),
        ("/place/root/cached", '"$root/cached"'),
        ("/place/rooted", "/place/rooted"),
        (f"/place/root/lib/{PYTHON}/x", '"$root/lib/$py/x"'),
        ("a=/place/root:/bin", '"a=$root:/bin"'),
        ("sha256:c0ffee", '"sha256:$(echo tea)"'),
    ],
)
def test_the_longest_path_that_ends_there_is_named(text: str, word: str) -> None:
    assert NAMES.word(text) == word


def test_words_are_broken_into_lines_that_a_shell_joins_again() -> None:
    words = [f"word{number}" for number in range(60)]
    text = filled(words)
    assert max(map(len, text.splitlines())) < 120
    assert said(f"echo {text}").split() == words
