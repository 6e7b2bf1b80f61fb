"""Asset watchers that run in Trigger Host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import AssetWatcher
from airflow.triggers.base import BaseEventTrigger

from trigger_host_airflow.triggers import WasmTrigger


class WasmAssetTrigger(WasmTrigger, BaseEventTrigger):
    """The same as ``WasmTrigger``, for a watcher: it may fire many events, and each is an event of the asset."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give what Airflow stores, with tuples for lists; a component sees no difference.

        Airflow 3.3 encodes a watcher's kwargs several times and skips values that it has tagged. It tags tuples, but
        not lists: one with objects in it gets another layer each time and never equals the stored one, so that the
        watcher is lost.
        """
        classpath, kwargs = super().serialize()
        return classpath, {key: tuple(value) if isinstance(value, list) else value for key, value in kwargs.items()}


def wasm_watcher(name: str, classpath: str, kwargs: Mapping[str, Any] | None = None) -> AssetWatcher:
    """Make a watcher for ``Asset(..., watchers=[...])``. Watchers of the same class path and kwargs share one trigger.

    :param name: names the watcher within the asset
    :param classpath: the class path in the host's catalog
    :param kwargs: the component's kwargs
    """
    return AssetWatcher(name=name, trigger=WasmAssetTrigger(classpath, kwargs))
