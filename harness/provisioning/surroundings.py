"""The environment variables of the programs that provide a release: what the user says of the index, and no more."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

# Where the index is and how it is reached; everything else that pip reads could change what is installed, or where to.
_INDEX: Final = frozenset(
    f"PIP_{name}"
    for name in (
        "CACHE_DIR",
        "CERT",
        "CLIENT_CERT",
        "CONFIG_FILE",
        "EXTRA_INDEX_URL",
        "FIND_LINKS",
        "INDEX_URL",
        "KEYRING_PROVIDER",
        "NO_CACHE_DIR",
        "NO_INDEX",
        "PROXY",
        "TRUSTED_HOST",
    )
)
_NETWORK: Final = frozenset(
    name for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (upper, upper.lower())
) | {"NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_USER: Final = frozenset(
    {"HOME", "LOGNAME", "PATH", "TMPDIR", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME"}
)
# Stronger than pip.conf, where a user may have set what does not fit an environment of our own.
_OVERRULED: Final = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
}


def of_pip() -> dict[str, str]:
    """For pip: the user's configuration of the index."""
    kept = {name: value for name, value in os.environ.items() if name in _INDEX | _NETWORK | _USER}
    # pip works on another environment, and would not see the configuration of the one it runs in.
    own = Path(sys.prefix) / "pip.conf"
    if own.is_file():
        kept.setdefault("PIP_CONFIG_FILE", str(own))
    return kept | _OVERRULED | {"LC_ALL": "C.UTF-8"}


def of_installer(home: Path) -> dict[str, str]:
    """For an installer that says its version: an empty home, and nothing of the user's."""
    return {"HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "PDM_CHECK_UPDATE": "0"}
