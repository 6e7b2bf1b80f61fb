"""``python -m trigger_host_airflow token``."""

from __future__ import annotations

import stat

import jwt
import pytest

from trigger_host_airflow.__main__ import main


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def test_prints_a_token_that_is_taken(raw, capsys):
    assert main(["token", "--life", "120"]) == 0
    token = capsys.readouterr().out.strip()
    read = claims(token)
    assert (read["aud"], read["exp"] - read["iat"]) == ("urn:trigger-host", 120)
    answer = raw.post("/trigger-host/triggers/cleanup", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204


def test_writes_a_private_file(tmp_path, capsys):
    file = tmp_path / "token"
    file.write_text("old")
    file.chmod(0o644)
    assert main(["token", "--output", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = claims(file.read_text().strip())
    assert read["exp"] - read["iat"] == 3600
    assert list(tmp_path.iterdir()) == [file]


def test_leaves_the_old_file_when_it_cannot_write(tmp_path, capsys, monkeypatch):
    file = tmp_path / "token"
    file.write_text("old")

    def broken(_handle):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    assert main(["token", "--output", str(file)]) == 1
    assert capsys.readouterr().err == "cannot issue a token: disk full\n"
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]


def test_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "")
    assert main(["token"]) == 1
    assert "api_auth/jwt_secret must be set" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["token", "--life", "0"])
