"""What ``[trigger_host]`` in ``airflow.cfg`` (or ``AIRFLOW__TRIGGER_HOST__*``) says. Imports nothing until it is read.

A wrong value is an error that names its key; nothing falls back silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from airflow.configuration import AirflowConfigParser

SECTION = "trigger_host"
AUDIENCE = "urn:trigger-host"

Number = TypeVar("Number", int, float)


class SettingError(ValueError):
    """A setting that cannot work."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"[{SECTION}] {key}: {problem}")


@dataclass(frozen=True)
class Routing:
    """Which triggers get which queue, so that only hosts that name the queue claim them."""

    queue: str
    """The queue to put."""
    exact: frozenset[str]
    """Whole class paths."""
    prefixes: tuple[str, ...]
    """Beginnings of class paths."""

    def takes(self, classpath: str) -> bool:
        """Whether triggers of this class path belong into the queue."""
        return classpath.startswith(self.prefixes) or classpath in self.exact


@dataclass(frozen=True)
class ServerSettings:
    """How the API behaves. Times are in seconds."""

    token_life: int
    """Life of a host token that this server issues."""
    runtime_token_life: int
    """Life of an execution token for one workload."""
    execution_paths: bool
    """Whether the trigger endpoints answer below ``/execution/`` too."""
    statement_timeout: int
    """Longest time that one statement in the database may take."""
    event_key_retention: int
    """How long an idempotency key is remembered."""


def _conf() -> AirflowConfigParser:
    from airflow.configuration import conf

    # Airflow runs `jwt_secret_cmd` and reads `jwt_secret_secret` only for options that it knows as sensitive.
    conf.sensitive_config_values.add((SECTION, "jwt_secret"))
    return conf


def _text(key: str, default: str = "") -> str:
    value: str | None = _conf().get(SECTION, key, fallback=default)
    return (value or "").strip()


def _number(key: str, default: Number, least: Number, kind: Callable[[Any], Number]) -> Number:
    text = _text(key, str(default))
    try:
        value = kind(text)
    except ValueError:
        raise SettingError(key, "must be a number") from None
    if value < least:
        raise SettingError(key, f"must be at least {least}")
    return value


def _switch(key: str) -> bool:
    return bool(_conf().getboolean(SECTION, key, fallback=False))


def jwt_secret() -> str | None:
    """Return the secret for host tokens alone; ``None``: they are signed with Airflow's own key.

    Looks at ``jwt_secret``, ``jwt_secret_cmd`` and ``jwt_secret_secret``, as Airflow does for its own secrets.
    """
    secret = _text("jwt_secret")
    if secret and len(secret.encode()) < 32:
        raise SettingError("jwt_secret", "must have at least 32 bytes")
    return secret or None


def token_life() -> int:
    """Seconds that a host token lives when nothing else is said."""
    return _number("token_life", 3600, 60, int)


def server_settings() -> ServerSettings:
    """Read what the API needs."""
    return ServerSettings(
        token_life=token_life(),
        runtime_token_life=_number("runtime_token_life", 120, 10, int),
        execution_paths=_switch("execution_paths"),
        statement_timeout=_number("statement_timeout", 30, 1, int),
        event_key_retention=_number("event_key_retention", 86400, 60, int),
    )


def execution_paths() -> bool:
    """Whether the trigger endpoints answer below ``/execution/`` too."""
    return _switch("execution_paths")


def routing() -> Routing | None:
    """Read which class paths get a queue; ``None`` when no queue is set."""
    queue = _text("queue")
    if not queue:
        return None
    if len(queue) > 256:
        raise SettingError("queue", "must have at most 256 characters")
    names = [name for name in re.split(r"[\s,]+", _text("classpaths")) if name]
    prefixes = ["wasm:"]
    for name in names:
        if name.endswith("*"):
            if name == "*":
                raise SettingError("classpaths", "`*` alone would route every trigger of the deployment")
            prefixes.append(name[:-1])
    return Routing(
        queue=queue,
        exact=frozenset(name for name in names if not name.endswith("*")),
        prefixes=tuple(prefixes),
    )
