"""Takes the batches away from the server, so that the host sends its events one by one: for the figure beside."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from airflow.sdk.plugins_manager import AirflowPlugin

Send = Callable[[dict[str, Any]], Awaitable[None]]
HIDDEN = "event-batch"


class WithoutBatches:
    """Leaves `event-batch` out of what a host is told when it registers."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        """Pass everything on, the answer to a registration changed."""
        is_registration = scope.get("path", "").endswith("/trigger-host/jobs")
        await self.app(scope, receive, without_batches(send) if is_registration else send)


def without_batches(send: Send) -> Send:
    """Change the answer; it comes in one piece, behind its head."""
    head: dict[str, Any] = {}

    async def changed(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
            return
        answer = json.loads(message["body"])
        answer["extensions"] = [name for name in answer.get("extensions", []) if name != HIDDEN]
        body = json.dumps(answer).encode()
        kept = [(name, value) for name, value in head["headers"] if name.lower() != b"content-length"]
        await send({**head, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await send({**message, "body": body})

    return changed


class SingleEvents(AirflowPlugin):
    """Does nothing, unless `SINGLE_EVENTS` is set where the api-server starts."""

    name = "single_events"

    @property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Give the middleware."""
        if not os.environ.get("SINGLE_EVENTS"):
            return []
        return [{"middleware": WithoutBatches, "kwargs": {}, "name": "Without batches"}]
