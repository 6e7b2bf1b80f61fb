"""A sensor that waits in Trigger Host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator

from trigger_host_airflow.deferral import WasmDeferral


class WasmSensor(WasmDeferral, BaseSensorOperator):
    """Waits for the event of a component; its payload is the task's result.

    ``timeout``, ``soft_fail`` and ``never_fail`` mean what they mean for every sensor. ``poke_interval`` and ``mode``
    mean nothing here: the component says when it looks again.

    :param classpath: the class path in the host's catalog (templated)
    :param trigger_kwargs: the component's kwargs (templated)
    :param payload_check: called with the payload; where it gives something false the task fails, or is skipped with
        ``soft_fail``
    :param start_from_trigger: begin in the host, without a worker. Templates are then rendered by the host, which knows
        the plain ones only, and nothing can come from another task. Mapped tasks begin in a worker all the same.
    """

    def __init__(
        self,
        *,
        classpath: str,
        trigger_kwargs: Mapping[str, Any] | None = None,
        payload_check: Callable[[Any], bool] | None = None,
        start_from_trigger: bool = False,
        **operator: Any,
    ) -> None:
        super().__init__(**operator)
        self._name_component(classpath, trigger_kwargs, payload_check, start_from_trigger=start_from_trigger)

    def deferral_timeout(self) -> timedelta:
        """Give the sensor's own ``timeout``."""
        return timedelta(seconds=self.timeout)
