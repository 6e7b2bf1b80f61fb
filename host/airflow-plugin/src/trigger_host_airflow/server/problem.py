"""Answers that are not a success: always JSON, shaped as Airflow's own.

``detail`` is a text, ``{"reason", "message"}``, or FastAPI's list of faults. What is unforeseen is
``{"message": "Internal server error"}``.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

log = logging.getLogger(__name__)

Detail = str | dict[str, Any] | list[Any]


class Problem(HTTPException):
    """A refusal with a reason that a program can act on."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(status, {"reason": reason, "message": message})  # type: ignore[arg-type]
        self.reason = reason


def problem(status: int, detail: Detail, headers: dict[str, str] | None = None) -> Response:
    """Answer with a detail."""
    return _json(status, {"detail": detail}, headers)


def of_database(error: SQLAlchemyError) -> tuple[int, Detail]:
    """Say what a database error means to the caller. Statements and values stay in the log."""
    if isinstance(error, DataError):
        return 422, {"reason": "value_rejected", "message": "The database does not take a value of this request"}
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return 503, {"reason": "database_busy", "message": "The database did not answer in time; try again"}
    return 500, {"reason": "database_error", "message": "The database refused this request; see the server's log"}


def add_handlers(app: FastAPI) -> None:
    """Make every unhandled exception a JSON answer."""
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _unforeseen)


def _database(request: Request, error: Exception) -> Response:
    if not isinstance(error, SQLAlchemyError):
        return _unforeseen(request, error)
    status, detail = of_database(error)
    log.error("%s %s: %s", request.method, request.url.path, type(error).__name__, exc_info=error)
    return problem(status, detail, {"Retry-After": "1"} if status == 503 else None)


def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    content = {"message": "Internal server error"}
    if correlation := request.headers.get("correlation-id"):
        content["correlation-id"] = correlation
    return _json(500, content)


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(content), status, headers, media_type="application/json")
