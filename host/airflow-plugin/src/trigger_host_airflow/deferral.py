"""What the sensor and the operator share: the deferral at once, and what becomes of the payload."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.xcom_arg import XComArg
from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import StartTriggerArgs

from trigger_host_airflow.triggers import WasmTrigger, check_component

if TYPE_CHECKING:
    from airflow.sdk import Context

RESUME = "execute_complete"


class WasmDeferral(BaseOperator):
    """Defers at once, and gives the payload of the event as the task's result. Work is done in the component alone."""

    template_fields: Sequence[str] = ("classpath", "trigger_kwargs")
    template_fields_renderers: ClassVar[dict[str, str]] = {"trigger_kwargs": "json"}

    classpath: str
    trigger_kwargs: Mapping[str, Any] | None
    payload_check: Callable[[Any], bool] | None

    def execute(self, context: Context) -> NoReturn:
        """Hand the wait over to the host."""
        del context  # the templates are rendered
        # A mapped task has its values only now.
        trigger = WasmTrigger(self.classpath, self.trigger_kwargs)
        self.defer(trigger=trigger, method_name=RESUME, timeout=self.deferral_timeout())

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Take the payload of the event.

        :returns: the payload, which becomes the task's XCom
        :raises AirflowException: ``payload_check`` does not take it
        """
        del context
        if self.payload_check is not None and not self.payload_check(event):
            raise AirflowException(f"`payload_check` rejected what `{self.classpath}` fired: {event!r}")
        return event

    @abstractmethod
    def deferral_timeout(self) -> timedelta | None:
        """Say how long the wait may take before the scheduler ends it."""

    def _name_component(
        self,
        classpath: str,
        trigger_kwargs: Mapping[str, Any] | None,
        payload_check: Callable[[Any], bool] | None,
        *,
        start_from_trigger: bool,
    ) -> None:
        self.classpath = classpath
        self.trigger_kwargs = trigger_kwargs
        self.payload_check = payload_check
        if not isinstance(classpath, XComArg) and not isinstance(trigger_kwargs, XComArg):
            check_component(classpath, trigger_kwargs)
        if not start_from_trigger:
            return
        if any(True for _ in XComArg.iter_xcom_references([classpath, trigger_kwargs])):
            raise ValueError(
                f"`{self.task_id}` starts from its trigger, where nothing can fetch another task's result: "
                "take the result out of `trigger_kwargs`, or remove `start_from_trigger`"
            )
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=classpath,
            trigger_kwargs=dict(trigger_kwargs or {}),
            next_method=RESUME,
            next_kwargs=None,
            timeout=self.deferral_timeout(),
        )
