"""Tokens: those that hosts show here, and those that they show to Airflow for one workload.

- A host token's audience is ``urn:trigger-host``. A task's token is refused here, a host's by Airflow.
- It is signed with ``[trigger_host] jwt_secret``, or with Airflow's own key when that is not set.
"""

from __future__ import annotations

import time
from typing import Any

from airflow.api_fastapi.auth.tokens import (
    JWTGenerator,
    JWTValidator,
    get_sig_validation_args,
    get_signing_args,
)
from airflow.configuration import conf

from trigger_host_airflow.settings import AUDIENCE, jwt_secret

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The subject of a token that stands for no task instance, as in Airflow's triggerer. Hosts send UUIDs alone."""

Claims = dict[str, Any]


def _issuer() -> str | None:
    issuer: str | None = conf.get("api_auth", "jwt_issuer", fallback=None)
    return issuer or None


class HostTokens:
    """Checks, issues and renews host tokens."""

    def __init__(self, *, life: int) -> None:
        self._life = life
        secret = jwt_secret()
        issuer = _issuer()
        own = {"secret_key": secret, "algorithm": "HS512"}
        validation = own if secret else get_sig_validation_args(make_secret_key_if_needed=False)
        required = {"aud", "exp", "iat"} | ({"iss"} if issuer else set())
        self._validator = JWTValidator(
            audience=AUDIENCE, issuer=issuer, required_claims=frozenset(required), **validation
        )
        self._signing: dict[str, Any] | None
        if secret:
            self._signing = {**own, "private_key": None}
        else:
            self._signing = _airflow_signing_args()

    async def claims(self, token: str) -> Claims:
        """Return the claims of a valid token; any exception means that it is not valid."""
        claims: Claims = await self._validator.avalidated_claims(token)
        return claims

    def issue(self, claims: Claims | None = None) -> str:
        """Issue a token.

        :raises ValueError: this process has a key to check with, but none to sign with.
        """
        if self._signing is None:
            raise ValueError(
                "there is no key to sign tokens with: set [trigger_host] jwt_secret or Airflow's own signing key"
            )
        generator = JWTGenerator(audience=AUDIENCE, issuer=_issuer(), valid_for=self._life, **self._signing)
        return generator.generate(claims or {"sub": NOBODY})

    def renewed(self, claims: Claims) -> str | None:
        """Return a new token when the old one's end is near: a fifth of its life or 30 s, as in Airflow."""
        life = int(claims["exp"]) - int(claims["iat"])
        if self._signing is None or int(claims["exp"]) - time.time() > max(life * 0.2, 30):
            return None
        return self.issue(claims)


class ExecutionTokens:
    """Mints Airflow's own execution tokens, short-lived, for one workload each."""

    def __init__(self, *, life: int) -> None:
        signing = _airflow_signing_args()
        if signing is None:
            raise ValueError("Airflow's signing key is not configured on this api-server")
        audience = conf.get_mandatory_list_value("execution_api", "jwt_audience")[0]
        self.life = life
        self._generator = JWTGenerator(audience=audience, issuer=_issuer(), valid_for=life, **signing)

    def issue(self, task_instance: str | None) -> str:
        """Issue one for a task instance, or for none."""
        return self._generator.generate({"sub": task_instance or NOBODY})


def _airflow_signing_args() -> dict[str, Any] | None:
    try:
        arguments: dict[str, Any] = get_signing_args(make_secret_key_if_needed=False)
    except ValueError:
        return None
    return arguments
