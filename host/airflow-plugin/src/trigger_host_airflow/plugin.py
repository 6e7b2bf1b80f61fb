"""The plugin as Airflow loads it, by its entry point.

Airflow imports this module in every process, in each task's too. So nothing is imported here but the base class: the
API is built when the api-server asks for it.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from airflow.sdk.plugins_manager import AirflowPlugin

from trigger_host_airflow import listener, routing, settings

URL_PREFIX = "/trigger-host"

log = logging.getLogger(__name__)


class TriggerHostPlugin(AirflowPlugin):
    """Trigger Host's endpoints below ``/trigger-host`` of the api-server, and the routing of triggers to its queue."""

    name = "trigger_host"
    listeners = [listener]  # noqa: RUF012 - Airflow's base class has it so

    @classmethod
    def on_load(cls, *_args: Any, **_kwargs: Any) -> None:
        """Install the routing if this process handles triggers already."""
        routing.install_if_server()

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Build the API, once. A setting that cannot work costs this API, not the api-server."""
        try:
            from trigger_host_airflow.server.app import create_app

            return [{"app": create_app(), "url_prefix": URL_PREFIX, "name": "Trigger Host"}]
        except ValueError as error:
            log.error("Trigger Host's API is off: %s", error)
            return []

    @cached_property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Answer below ``/execution/`` too, when asked for."""
        if not settings.execution_paths():
            return []
        from trigger_host_airflow.server.execution_paths import ExecutionPaths

        name = "Trigger Host below /execution"
        return [{"middleware": ExecutionPaths, "kwargs": {"prefix": URL_PREFIX}, "name": name}]
