"""Failures that machines remember together: Hypothesis' databases on a Redis server and in an artifact on GitHub."""

from __future__ import annotations

import re
import socket
import warnings
from http.client import HTTPException
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from hypothesis import settings
from hypothesis.database import ExampleDatabase, GitHubArtifactDatabase, MultiplexedDatabase, ReadOnlyDatabase
from hypothesis.errors import HypothesisSideeffectWarning

from harness.errors import MemoryUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Answer = TypeVar("Answer")

REDIS: Final = "EXDEV_REDIS_URL"
GITHUB: Final = "EXDEV_GITHUB_DATABASE"
TOKEN: Final = "GITHUB_TOKEN"  # noqa: S105 - the name of the variable that Hypothesis reads, no secret
# Whose server it is sees in its keys what they are.
_PREFIX: Final = b"exdev-example:"
_SECONDS: Final = 10
_REPOSITORY: Final = re.compile(r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<name>[A-Za-z0-9._-]+)")
# What Hypothesis warns of where the repository answers, and has no artifact of that name (yet).
_NONE_YET: Final = "Couldn't acquire"


class MemoryLost(UserWarning):
    """The server of the shared memory has gone during a run, which goes on without it."""


class UntilLost(ExampleDatabase):
    """A database on a server, until that fails: a lost server must not make a scenario red.

    Args:
        wrapped: the database.
        lost: what it raises where its server is gone.
    """

    def __init__(self, wrapped: ExampleDatabase, lost: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._wrapped = wrapped
        self._lost = lost
        self._gone = False

    def __repr__(self) -> str:
        return f"UntilLost({self._wrapped!r})"

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """What it remembers."""
        return self._asked(lambda: tuple(self._wrapped.fetch(key))) or ()

    def save(self, key: bytes, value: bytes) -> None:
        """Remember."""
        self._asked(lambda: self._wrapped.save(key, value))

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget: what was tried again and is no failure any more."""
        self._asked(lambda: self._wrapped.delete(key, value))

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        """Remember it as something else."""
        self._asked(lambda: self._wrapped.move(src, dest, value))

    def _asked(self, question: Callable[[], Answer]) -> Answer | None:
        if self._gone:
            return None
        try:
            return question()
        except self._lost as error:
            self._gone = True
            # Always shown, and never the error that a project's filter makes of warnings.
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                told = f"{REDIS}: server lost ({type(error).__name__}); this process goes on without shared memory"
                warnings.warn(told, MemoryLost, stacklevel=3)
            return None


def remembering(environment: Mapping[str, str]) -> ExampleDatabase | None:
    """This machine's own memory of failures together with those that its environment names; None: it names none.

    Args:
        environment: EXDEV_REDIS_URL, `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, also `rediss:` and `unix:`;
            EXDEV_GITHUB_DATABASE, OWNER/REPOSITORY, with GITHUB_TOKEN.

    Raises:
        MemoryUnusable: one that is named is not there, tried now and not after an hour.
    """
    shared: list[ExampleDatabase] = []
    if url := environment.get(REDIS):
        shared.append(_redis(url))
    if repository := environment.get(GITHUB):
        shared.append(_github(repository, environment))
    # `default` is Hypothesis' own profile, with its own choice of a directory, whatever profile CI made it load.
    local = settings.get_profile("default").database
    return MultiplexedDatabase(*([local] if local else []), *shared) if shared else None


def _redis(url: str) -> ExampleDatabase:
    shown = _without_password(url)
    try:
        import redis  # noqa: PLC0415 - an optional extra
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415 - as that
    except ImportError:
        raise MemoryUnusable(
            variable=REDIS,
            value=shown,
            because="the library redis is not installed here",
            remedy="`pip install 'exdev[redis]'`",
        ) from None
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS)
        # An option that the library does not know, or a host that is no name, is found out only now.
        client.ping()
    except (ValueError, TypeError):
        # What it says may show a part of the password.
        raise MemoryUnusable(
            variable=REDIS,
            value=shown,
            because="not the URL of a Redis server",
            remedy="write redis://HOST:PORT/0, rediss://... or unix:///PATH",
        ) from None
    except (redis.RedisError, OSError) as refused:
        said = str(refused).rstrip(".")
        raise MemoryUnusable(
            variable=REDIS, value=shown, because=f"no answer from the server: {said}", remedy="start or reach it"
        ) from None
    return UntilLost(RedisExampleDatabase(client, key_prefix=_PREFIX), (redis.RedisError, OSError))


def _without_password(url: str) -> str:
    """What of a URL may stand in a log: its scheme and host, and neither user nor password nor what follows."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2] if "@" in parts.netloc else parts.netloc
    except ValueError:
        return "(a URL)"
    if "@" in url and "@" not in parts.netloc:
        return f"{parts.scheme}://..."  # a password with a slash: what seems to be the host is a part of it
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else "(not a URL)"


def _github(repository: str, environment: Mapping[str, str]) -> ExampleDatabase:
    named = _REPOSITORY.fullmatch(repository)
    if named is None:
        raise MemoryUnusable(
            variable=GITHUB, value=repository, because="not OWNER/REPOSITORY", remedy="write it like astral-sh/uv"
        )
    if not environment.get(TOKEN):
        raise MemoryUnusable(
            variable=GITHUB,
            value=repository,
            because=f"GitHub gives artifacts only to who has a token, and {TOKEN} is not set",
            remedy=f"set {TOKEN}, which needs no right but to read Actions",
        )
    database, because = _asked_now(named["owner"], named["name"])
    if because:
        raise MemoryUnusable(variable=GITHUB, value=repository, because=because, remedy="mend what it names")
    return ReadOnlyDatabase(database)


def _asked_now(owner: str, name: str) -> tuple[ExampleDatabase, str]:
    """A database on GitHub, and why nothing can be had from it; empty: something can, or there is nothing yet.

    Hypothesis would ask at the first scenario, and say that it was refused as a warning. Its warning that this takes
    time before the first test is beside the point: the time is taken anyway.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SECONDS)
    because = ""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            database = GitHubArtifactDatabase(owner, name)
            list(database.fetch(b"exdev"))
    except (OSError, ValueError, KeyError, HTTPException) as error:
        because = f"{type(error).__name__}: {error}"
    finally:
        socket.setdefaulttimeout(before)
    said = [one for one in caught if not issubclass(one.category, HypothesisSideeffectWarning)]
    if said and not str(said[0].message).startswith(_NONE_YET):
        because = because or str(said[0].message).strip().rstrip(".")
    return database, because
