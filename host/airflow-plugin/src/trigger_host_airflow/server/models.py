"""What comes in and goes out, as pydantic models. Unknown fields are refused (422), as Airflow's own models do.

The models stand at module level without postponed annotations: FastAPI has to resolve them.
"""

from typing import Annotated, Any, Literal

from airflow.api_fastapi.core_api.base import StrictBaseModel
from pydantic import Field, model_validator

MAX_BATCH = 500
"""The most events in one request."""

RowId = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""What an integer column of the database can hold."""

EventKind = Literal["fire", "task-success", "task-failed", "task-skipped"]
EndKind = Literal["task-success", "task-failed", "task-skipped"]
Xcoms = dict[Annotated[str, Field(min_length=1, max_length=512)], Any]


class JobBody(StrictBaseModel):
    """``POST jobs``."""

    job_type: str
    hostname: str


class Registered(StrictBaseModel):
    """A new Job, and what this server has beyond the plain endpoints."""

    job_id: int
    extensions: list[str]


class LoadBody(StrictBaseModel):
    """``POST triggers/load``."""

    triggerer_id: int
    capacity: int
    health_check_threshold: Annotated[float, Field(allow_inf_nan=False, le=1e9)]
    queues: list[str] | None = None
    team_name: str | None = None


class Loaded(StrictBaseModel):
    """All triggers that the Job holds."""

    trigger_ids: list[int]


class WorkloadsBody(StrictBaseModel):
    """``POST triggers/workloads``."""

    trigger_ids: list[int]


class EventBody(StrictBaseModel):
    """``POST triggers/{id}/event``. Only an event that ends a task may have XComs."""

    payload: Any = None
    xcoms: Xcoms | None = None


class BatchEvent(StrictBaseModel):
    """One of several events."""

    trigger_id: RowId
    payload: Any = None
    xcoms: Xcoms | None = None
    kind: EndKind | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=1024)] | None = None

    @model_validator(mode="after")
    def _only_an_end_has_xcoms(self) -> "BatchEvent":
        if self.kind is None and "xcoms" in self.model_fields_set:
            raise ValueError("only an event that ends a task may have xcoms")
        return self


class BatchBody(StrictBaseModel):
    """``POST triggers/events``."""

    events: Annotated[list[BatchEvent], Field(min_length=1, max_length=MAX_BATCH)]


class FailureBody(StrictBaseModel):
    """``POST triggers/{id}/failure``."""

    error: list[str] | None = None


class CheckpointBody(StrictBaseModel):
    """``PUT triggers/{id}/checkpoint``."""

    job_id: int
    position: Annotated[int, Field(ge=0, le=2**63 - 1)]
    value: str | None = None


class RuntimeTokenBody(StrictBaseModel):
    """``POST triggers/{id}/runtime-token``."""

    job_id: int


class RuntimeToken(StrictBaseModel):
    """An execution token of Airflow."""

    token: str
    expires_in: int
