"""Answers the trigger endpoints at the paths of the Execution API too, for a host that knows one base URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_OURS = re.compile(r"/execution/(?=(?:triggers|jobs)(?:/|$))")


class ExecutionPaths:
    """Rewrites ``/execution/triggers*`` and ``/execution/jobs*`` to the plugin's prefix. Root middleware."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] == "http":
            root = scope.get("root_path", "")
            route = scope["path"].removeprefix(root)
            if _OURS.match(route):
                ahead = scope["path"][: len(scope["path"]) - len(route)]
                path = ahead + self._prefix + route.removeprefix("/execution")
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
