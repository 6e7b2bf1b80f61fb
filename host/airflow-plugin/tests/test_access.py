"""Who may call: holders of a token of the host's own audience, and nobody else."""

from __future__ import annotations

import time

import jwt
import pytest
from airflow.api_fastapi.auth.tokens import JWTGenerator
from starlette.testclient import TestClient

from trigger_host_airflow.server import access
from trigger_host_airflow.server.app import create_app
from trigger_host_airflow.server.tokens import HostTokens

REGISTER = {"job_type": "TriggererJob", "hostname": "h"}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="session")
def secret():
    from conftest import JWT_SECRET

    return JWT_SECRET


def generate(secret: str, audience: str, life: int = 600, **claims: str) -> str:
    return JWTGenerator(secret_key=secret, audience=audience, valid_for=life).generate({"sub": NOBODY, **claims})


def post(client, token: str | None, path: str = "/trigger-host/jobs"):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.post(path, json=REGISTER, headers=headers)


def test_a_token_is_needed(raw):
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}):
        answer = raw.post("/trigger-host/jobs", json=REGISTER, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Missing auth token"})


def test_other_tokens_are_refused(raw, secret):
    host = "urn:trigger-host"
    refused = {
        "a task's": generate(secret, "urn:airflow.apache.org:task"),
        "another secret's": generate("x" * 64, host),
        "an old one": generate(secret, host, life=-60),
        "nonsense": "nonsense",
        "unsigned": jwt.encode({"aud": host, "iat": 0, "exp": 2**31}, "", algorithm="none"),
        "without an end": jwt.encode({"aud": host, "iat": int(time.time())}, secret, algorithm="HS512"),
    }
    for what, token in refused.items():
        answer = post(raw, token)
        assert (answer.status_code, answer.json()) == (403, {"detail": "Invalid auth token"}), what
    assert post(raw, generate(secret, host)).status_code == 201


def test_airflow_refuses_a_host_token(raw, host, secret):
    def variable(token):
        return raw.get("/execution/variables/x", headers={"Authorization": f"Bearer {token}"}).status_code

    assert variable(host.token) == 403
    assert variable(generate(secret, "urn:airflow.apache.org:task")) == 404


def test_a_token_is_renewed_when_its_end_is_near(raw, secret):
    assert "refreshed-api-token" not in post(raw, generate(secret, "urn:trigger-host", 600)).headers
    # With errors too.
    answer = raw.post(
        "/trigger-host/jobs/999999/heartbeat",
        headers={"Authorization": f"Bearer {generate(secret, 'urn:trigger-host', 25, sub='host-7')}"},
    )
    assert answer.status_code == 404
    renewed = answer.headers["refreshed-api-token"]
    claims = jwt.decode(renewed, secret, ["HS512"], audience="urn:trigger-host")
    assert claims["sub"] == "host-7"
    assert claims["exp"] - claims["iat"] == 3600
    assert post(raw, renewed).status_code == 201


@pytest.mark.parametrize("way", ["plain", "command"])
def test_a_secret_of_its_own(monkeypatch, secret, way):
    own = "y" * 64
    if way == "plain":
        monkeypatch.setenv("AIRFLOW__TRIGGER_HOST__JWT_SECRET", own)
    else:
        monkeypatch.setenv("AIRFLOW__TRIGGER_HOST__JWT_SECRET_CMD", f"echo {own}")
    issued = HostTokens(life=20).issue()
    with TestClient(create_app()) as client:
        assert post(client, generate(secret, "urn:trigger-host"), "/jobs").status_code == 403
        answer = post(client, issued, "/jobs")
        assert answer.status_code == 201
        assert jwt.decode(answer.headers["refreshed-api-token"], own, ["HS512"], audience="urn:trigger-host")


def test_a_short_secret_is_refused(monkeypatch):
    monkeypatch.setenv("AIRFLOW__TRIGGER_HOST__JWT_SECRET", "short")
    with pytest.raises(ValueError, match=r"\[trigger_host\] jwt_secret: must have at least 32 bytes"):
        create_app()


def test_airflows_issuer_is_demanded(monkeypatch, secret):
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_ISSUER", "https://airflow.example")
    issued = HostTokens(life=600).issue()
    monkeypatch.delenv("AIRFLOW__API_AUTH__JWT_ISSUER")
    other = generate(secret, "urn:trigger-host")
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_ISSUER", "https://airflow.example")
    with TestClient(create_app()) as client:
        assert post(client, issued, "/jobs").status_code == 201
        assert post(client, other, "/jobs").status_code == 403


def test_a_body_has_a_bound(host, monkeypatch):
    monkeypatch.setattr(access, "MAX_BODY", 1000)
    answer = host.event(1, "x" * 1000)
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is longer than 1000 bytes"})


def test_paths_of_the_execution_api(raw, host):
    assert post(raw, host.token, "/execution/jobs").status_code == 201
    answer = raw.post("/execution/triggers/cleanup", headers={"Authorization": f"Bearer {host.token}"})
    assert answer.status_code == 204
    # Airflow's own paths are not touched.
    assert raw.get("/execution/health").json() == {"status": "healthy"}
    assert post(raw, host.token, "/execution/jobsandmore").json() == {"detail": "Not Found"}
