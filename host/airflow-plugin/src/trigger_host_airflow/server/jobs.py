"""A host's Job: ``POST jobs``, ``jobs/{id}/heartbeat``, ``jobs/{id}/complete``.

See docs/design/execution-api.md#jobs-and-triggers.
"""

from airflow._shared.timezones import timezone
from airflow.jobs.job import Job, JobState
from fastapi import APIRouter, HTTPException, Request
from sqlalchemy import update
from sqlalchemy.orm import Session

from trigger_host_airflow.server.models import JobBody, Registered
from trigger_host_airflow.server.sessions import SessionDep

router = APIRouter(prefix="/jobs")


@router.post("", status_code=201)
def register(body: JobBody, request: Request, session: SessionDep) -> Registered:
    """Make a Job. A repeated call makes another; the first goes stale by itself."""
    job = Job(job_type=body.job_type, state=JobState.RUNNING, hostname=body.hostname)
    session.add(job)
    session.flush()
    return Registered(job_id=job.id, extensions=request.app.state.extensions)


@router.post("/{job_id}/heartbeat", status_code=204)
def heartbeat(job_id: int, session: SessionDep) -> None:
    """Say that the host lives. Revives a completed Job."""
    _change(session, job_id, latest_heartbeat=timezone.utcnow(), end_date=None)


@router.post("/{job_id}/complete", status_code=204)
def complete(job_id: int, session: SessionDep) -> None:
    """Say that the host has ended: its triggers are free."""
    _change(session, job_id, end_date=timezone.utcnow())


def _change(session: Session, job_id: int, **values: object) -> None:
    result = session.execute(update(Job).where(Job.id == job_id).values(**values))
    if getattr(result, "rowcount", 0) == 0:
        raise HTTPException(404, f"Job {job_id} not found")
