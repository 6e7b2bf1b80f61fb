"""A trigger that names a component of Trigger Host.

Deferring with it stores a class path and kwargs, nothing more. The class path is looked up in the host's catalog and
never imported, so it may have any form that the catalog has: ``wasm:http_job`` as well as a dotted one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

# Airflow's encodings claim these for themselves, and the host refuses them.
RESERVED_KEYS = frozenset({"__classname__", "__type", "__var", "__id__"})


class WasmTrigger(BaseTrigger):
    """Waits in Trigger Host, in the component that its catalog has for ``classpath``.

    :param classpath: the class path in the host's catalog
    :param kwargs: the component's kwargs: JSON values, datetimes and timedeltas. ``trigger-host inspect`` prints their
        schema.
    :raises ValueError: the class path is not one, or a key is reserved by Airflow's encodings
    :raises TypeError: the kwargs are no mapping of texts
    """

    def __init__(self, classpath: str, kwargs: Mapping[str, Any] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        check_component(classpath, kwargs)
        self.classpath = classpath
        self.kwargs: dict[str, Any] = dict(kwargs or {})

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give what Airflow stores: the component's class path and kwargs, not those of this class."""
        return self.classpath, self.kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Refuse to run in Python; only Trigger Host has the component."""
        raise RuntimeError(
            f"`{self.classpath}` is a component of Trigger Host, which Airflow's triggerer cannot run: "
            "route it to the host's queue"
        )
        yield  # what makes this an iterator


def check_component(classpath: str, kwargs: Mapping[str, Any] | None) -> None:
    """Refuse what no host can take, where the Dag is parsed instead of where it runs."""
    if not isinstance(classpath, str) or not classpath or classpath != classpath.strip():
        raise ValueError(
            f"`classpath` must be a class path of the host's catalog, such as 'wasm:http_job', not {classpath!r}"
        )
    if kwargs is None:
        return
    if not isinstance(kwargs, Mapping):
        raise TypeError(f"`kwargs` must be a dict of the component's kwargs, not {type(kwargs).__name__}")
    for key in kwargs:
        if not isinstance(key, str):
            raise TypeError(f"keys of `kwargs` must be strings, and {key!r} is {type(key).__name__}")
        if key in RESERVED_KEYS:
            raise ValueError(f"the key `{key}` of `kwargs` is reserved by Airflow's encodings: use another name")
