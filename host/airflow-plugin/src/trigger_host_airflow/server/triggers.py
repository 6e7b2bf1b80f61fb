"""``triggers/*``: the endpoints of a triggerer, and the extensions.

See docs/design/execution-api.md#jobs-and-triggers.
"""

from typing import Annotated, Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.state import TaskInstanceState
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import select

from trigger_host_airflow.server import checkpoints, event_keys
from trigger_host_airflow.server.events import ACCEPTED, Answer, Event, accept, lock_waiting
from trigger_host_airflow.server.models import (
    BatchBody,
    CheckpointBody,
    EventBody,
    EventKind,
    FailureBody,
    LoadBody,
    Loaded,
    RuntimeToken,
    RuntimeTokenBody,
    WorkloadsBody,
)
from trigger_host_airflow.server.problem import Problem, problem
from trigger_host_airflow.server.sessions import SessionDep
from trigger_host_airflow.server.tokens import ExecutionTokens
from trigger_host_airflow.server.workloads import Builder

router = APIRouter(prefix="/triggers")


@router.post("/load")
def load(body: LoadBody, session: SessionDep) -> Loaded:
    """Claim, and list all that the Job holds."""
    queues = set(body.queues) if body.queues else None
    Trigger.assign_unassigned(
        body.triggerer_id, body.capacity, body.health_check_threshold, queues, body.team_name, session=session
    )
    ids = Trigger.ids_for_triggerer(body.triggerer_id, queues, body.team_name, session=session)
    return Loaded(trigger_ids=sorted(ids))


@router.post("/workloads")
def workloads(body: WorkloadsBody, request: Request, session: SessionDep) -> Response:
    """Return what is needed to run these triggers."""
    state = request.app.state
    texts = Builder(session, state.dag_bag, with_checkpoints=state.storage).build(body.trigger_ids)
    return Response('{"workloads":[' + ",".join(texts) + "]}", media_type="application/json")


@router.post("/cleanup", status_code=204)
def cleanup(request: Request, session: SessionDep) -> None:
    """Delete triggers that nobody waits for, their checkpoints, and old event keys."""
    Trigger.clean_unused(session=session)
    if request.app.state.storage:
        checkpoints.forget_orphans(session)
        event_keys.forget_old(session, request.app.state.settings.event_key_retention)


@router.post("/events")
def events(body: BatchBody, request: Request, session: SessionDep) -> dict[str, Any]:
    """Accept several events at once, and answer each."""
    given = [
        Event(event.trigger_id, event.payload, event.kind or "fire", event.xcoms, event.idempotency_key)
        for event in body.events
    ]
    answers = accept(session, given, with_keys=request.app.state.storage)
    return {"answers": [_in_batch(answer) for answer in answers]}


def _in_batch(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status} | ({} if answer.detail is None else {"detail": answer.detail})


@router.post("/{trigger_id}/event", status_code=204)
def event(
    trigger_id: int,
    body: EventBody,
    request: Request,
    session: SessionDep,
    kind: Annotated[EventKind, Header(alias="Trigger-Event-Kind")] = "fire",
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Response:
    """Accept one event. A 204 comes after the commit."""
    if kind == "fire" and "xcoms" in body.model_fields_set:
        fault = {"type": "extra_forbidden", "loc": ("body", "xcoms"), "msg": "Extra inputs are not permitted"}
        raise RequestValidationError([{**fault, "input": body.xcoms}])
    given = Event(trigger_id, body.payload, kind, body.xcoms, key or None)
    answer = accept(session, [given], with_keys=request.app.state.storage)[0]
    if answer.status == ACCEPTED:
        return Response(status_code=ACCEPTED)
    return problem(answer.status, answer.detail or "")


@router.post("/{trigger_id}/failure", status_code=204)
def failure(trigger_id: int, body: FailureBody, session: SessionDep) -> None:
    """Fail the tasks that wait for a trigger. Assets and callbacks do not notice."""
    lock_waiting(session, {trigger_id})
    Trigger.submit_failure(trigger_id, body.error, session=session)


@router.put("/{trigger_id}/checkpoint", status_code=204)
def checkpoint(trigger_id: int, body: CheckpointBody, request: Request, session: SessionDep) -> None:
    """Store where a trigger left off."""
    if not request.app.state.storage:
        raise HTTPException(404, "Not Found")
    given = checkpoints.Checkpoint(trigger_id, body.job_id, body.position, body.value)
    checkpoints.store(session, given)


@router.post("/{trigger_id}/runtime-token")
def runtime_token(trigger_id: int, body: RuntimeTokenBody, request: Request, session: SessionDep) -> RuntimeToken:
    """Mint a short-lived execution token of Airflow for the task instance that waits for this trigger."""
    tokens: ExecutionTokens | None = request.app.state.execution_tokens
    if tokens is None:
        raise HTTPException(404, "Not Found")
    query = (
        select(Trigger.triggerer_id, TaskInstance.id)
        .outerjoin(
            TaskInstance,
            (TaskInstance.trigger_id == Trigger.id) & (TaskInstance.state == TaskInstanceState.DEFERRED),
        )
        .where(Trigger.id == trigger_id)
    )
    found = session.execute(query).first()
    if found is None:
        raise HTTPException(404, f"Trigger {trigger_id} not found")
    if found.triggerer_id != body.job_id:
        raise Problem(409, "not_holder", f"Trigger {trigger_id} is not assigned to job {body.job_id}")
    return RuntimeToken(token=tokens.issue(str(found.id) if found.id else None), expires_in=tokens.life)
