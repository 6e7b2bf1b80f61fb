"""Database sessions for requests: committed before the answer leaves, and no statement waits for ever."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Annotated

from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import get_dialect_name
from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.orm import Session


@contextmanager
def session_with_deadline(seconds: int) -> Iterator[Session]:
    """Open a session that is committed at the end, or rolled back.

    On PostgreSQL a statement, and the wait for a lock in it, ends after this time with an ``OperationalError``. A
    commit in the middle lifts the limit for what comes after it.
    """
    with create_session(scoped=False) as session:
        if get_dialect_name(session) == "postgresql":
            session.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": f"{seconds}s"})
        yield session


def _request_session(request: Request) -> Generator[Session, None, None]:
    with session_with_deadline(request.app.state.settings.statement_timeout) as session:
        yield session


SessionDep = Annotated[Session, Depends(_request_session, scope="function")]
"""Committed when the route's function returns: a 2xx means that it is stored."""
