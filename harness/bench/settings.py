"""The reference core's settings for an environment in one directory."""

from __future__ import annotations

from harness.reference import Settings


def settings_at(cache: str, temporary: str, environment: str) -> Settings:
    """Settings for an environment in one directory."""
    library = f"{environment}/lib/site-packages"
    return Settings(
        cache=cache,
        temporary=temporary,
        purelib=library,
        platlib=library,
        scripts=f"{environment}/bin",
        data=environment,
        headers=f"{environment}/include",
    )
