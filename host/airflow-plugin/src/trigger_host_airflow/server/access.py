"""The door: every call needs a host token and a body of bounded size; a token that is about to end is renewed.

Plain ASGI, so that a token is checked once a call and no body is copied.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders

from trigger_host_airflow.server.problem import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from trigger_host_airflow.server.tokens import HostTokens

log = logging.getLogger(__name__)

VERSION = "Airflow-API-Version"
CORRELATION = "correlation-id"
RENEWED = "Refreshed-API-Token"

MAX_BODY = 64 * 1024 * 1024
"""Bytes. A batch of 500 events with payloads of 128 KiB fits."""


class Access:
    """Lets holders of a host token pass. Echoes the headers that Airflow's own API echoes."""

    def __init__(self, app: ASGIApp, tokens: HostTokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        extra = {name: headers[name] for name in (VERSION, CORRELATION) if name in headers}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(extra)
            await send(message)

        token = bearer(headers.get("authorization", ""))
        if token is None:
            await problem(401, "Missing auth token")(scope, receive, dressed)
            return
        try:
            claims = await self._tokens.claims(token)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a token, it is refused
            log.warning("A token was refused: %s", type(error).__name__)
            await problem(403, "Invalid auth token")(scope, receive, dressed)
            return
        renewed = self._tokens.renewed(claims)
        if renewed is not None:
            extra[RENEWED] = renewed
        await self._app(scope, _bounded(receive), dressed)


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise HTTPException(413, f"The body is longer than {MAX_BODY} bytes")
        return message

    return bounded


def bearer(header: str) -> str | None:
    """Return the token of an ``Authorization`` header."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None
