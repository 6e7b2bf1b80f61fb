"""The API as a FastAPI app: builds it once per api-server, and readies the database when the server starts."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from airflow.api_fastapi.common.dagbag import create_dag_bag
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from trigger_host_airflow import routing
from trigger_host_airflow.server import jobs, problem, storage, triggers
from trigger_host_airflow.server.access import Access
from trigger_host_airflow.server.sessions import session_with_deadline
from trigger_host_airflow.server.tokens import ExecutionTokens, HostTokens
from trigger_host_airflow.settings import Routing, server_settings

log = logging.getLogger(__name__)


def create_app() -> FastAPI:
    """Build the API.

    :raises ValueError: a setting that cannot work, or no key to check tokens with.
    """
    app = FastAPI(title="Trigger Host", lifespan=_lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = server_settings()
    app.state.dag_bag = create_dag_bag()
    app.state.execution_tokens = _execution_tokens(app.state.settings.runtime_token_life)
    _announce(app, storage_is_there=False)
    problem.add_handlers(app)
    app.include_router(jobs.router)
    app.include_router(triggers.router)
    app.add_middleware(Access, tokens=HostTokens(life=app.state.settings.token_life))
    # Built in the api-server's process, which inserts the triggers of tasks that defer.
    routing.install()
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    seconds = app.state.settings.statement_timeout
    _announce(app, storage_is_there=await run_in_threadpool(storage.make_tables, seconds))
    if (routed := routing.install()) is not None:
        await run_in_threadpool(_stamp_waiting, routed, seconds)
    yield


def _stamp_waiting(routed: Routing, seconds: int) -> None:
    with session_with_deadline(seconds) as session:
        if count := routing.stamp_waiting(session, routed):
            log.info("%d waiting triggers were moved into the queue %r.", count, routed.queue)


def _announce(app: FastAPI, *, storage_is_there: bool) -> None:
    """Only what this server has."""
    app.state.storage = storage_is_there
    extensions = ["event-kind", "event-batch"]
    if storage_is_there:
        extensions += ["checkpoint", "idempotency-key"]
    if app.state.execution_tokens is not None:
        extensions += ["runtime-token"]
    app.state.extensions = extensions


def _execution_tokens(life: int) -> ExecutionTokens | None:
    try:
        return ExecutionTokens(life=life)
    except ValueError:
        log.warning("Airflow's signing key is not configured on this api-server, so hosts get no execution tokens.")
        return None
