"""An operator whose work is done by a component in Trigger Host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from trigger_host_airflow.deferral import WasmDeferral


class WasmOperator(WasmDeferral):
    """Starts a component that does something, such as submitting a job, and waits until it is done.

    The payload of its event is the task's result.

    :param classpath: the class path in the host's catalog (templated)
    :param trigger_kwargs: the component's kwargs (templated)
    :param payload_check: called with the payload; where it gives something false the task fails
    :param deferral_limit: how long it may take before the scheduler fails the task; ``execution_timeout`` counts too
    :param start_from_trigger: begin in the host, without a worker. Templates are then rendered by the host, which knows
        the plain ones only, and nothing can come from another task. Mapped tasks begin in a worker all the same.
    """

    def __init__(
        self,
        *,
        classpath: str,
        trigger_kwargs: Mapping[str, Any] | None = None,
        payload_check: Callable[[Any], bool] | None = None,
        deferral_limit: timedelta | None = None,
        start_from_trigger: bool = False,
        **operator: Any,
    ) -> None:
        super().__init__(**operator)
        self.deferral_limit = deferral_limit
        self._name_component(classpath, trigger_kwargs, payload_check, start_from_trigger=start_from_trigger)

    def deferral_timeout(self) -> timedelta | None:
        """Give ``deferral_limit``."""
        return self.deferral_limit
