"""The machine's own Chromium, without a window, driven by playwright; both are optional."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from harness.errors import BrowserMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# Nothing that asks a network, and no graphics that machines without a screen do not have.
_QUIET: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, closed at the end; playwright's `Browser`, of which a machine without it knows no type.

    Raises:
        BrowserMissing: there is no Chromium, or no playwright.
    """
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        raise BrowserMissing(what="playwright", remedy="pip install 'exdev[browser]'") from None
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise BrowserMissing(what="Chromium", remedy="install your distribution's package, for example chromium")
    # Chromium's own sandbox refuses to be started by root, and a user namespace makes everybody look like it.
    sandbox = () if os.geteuid() else ("--no-sandbox",)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=[*_QUIET, *sandbox])
        try:
            yield browser
        finally:
            browser.close()
