"""Idempotency keys: an event for an asset or a callback that was accepted is not accepted again.

Two events are the same if trigger, key and payload are. A key is claimed in the event's own transaction: of two that
come at one time, the second waits for the first to commit, and is then a repetition.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow._shared.timezones import timezone
from airflow.utils.sqlalchemy import get_dialect_name
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from trigger_host_airflow.server.storage import event_key_table as table


def fingerprint(trigger_id: int, key: str, payload: Any) -> str:
    """Return 64 hex digits that differ when trigger, key or payload do. The payload's spelling does not matter."""
    text = json.dumps([trigger_id, key, payload], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def claim(session: Session, fingerprints: Sequence[str | None]) -> list[bool]:
    """Remember these keys. Returns for each whether its event is a new one; an event without a key is."""
    wanted = sorted({one for one in fingerprints if one is not None})
    claimed = _insert(session, wanted) if wanted else set()
    fresh = []
    for one in fingerprints:
        fresh.append(one is None or one in claimed)
        claimed.discard(one or "")
    return fresh


def release(session: Session, fingerprints: Sequence[str | None]) -> None:
    """Forget the keys of events that were refused: they may come again."""
    refused = [one for one in fingerprints if one is not None]
    if refused:
        session.execute(delete(table).where(table.c.fingerprint.in_(refused)))


def forget_old(session: Session, seconds: int) -> None:
    """Delete keys that are older than this."""
    session.execute(delete(table).where(table.c.accepted_at < timezone.utcnow() - timedelta(seconds=seconds)))


def _insert(session: Session, fingerprints: list[str]) -> set[str]:
    now = timezone.utcnow()
    rows = [{"fingerprint": one, "accepted_at": now} for one in fingerprints]
    dialect = get_dialect_name(session)
    if dialect in ("postgresql", "sqlite"):
        insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
        statement = insert.values(rows).on_conflict_do_nothing().returning(table.c.fingerprint)
        return set(session.scalars(statement))
    known = set(session.scalars(select(table.c.fingerprint).where(table.c.fingerprint.in_(fingerprints))))
    new = [row for row in rows if row["fingerprint"] not in known]
    if new:
        session.execute(table.insert(), new)
    return {str(row["fingerprint"]) for row in new}
