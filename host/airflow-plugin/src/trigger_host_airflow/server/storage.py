"""The plugin's own tables: checkpoints, and the keys of accepted events.

- Not in Airflow's metadata and without foreign keys into it, so that ``airflow db migrate``, ``reset`` and ``clean``
  work as if they were not there.
- Made at the start of an api-server, by whichever worker comes first. A server that may not make them lives without:
  it announces neither checkpoints nor idempotency keys.
"""

import hashlib
import logging

from airflow.configuration import conf
from airflow.utils.sqlalchemy import UtcDateTime, get_dialect_name
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, text
from sqlalchemy.exc import SQLAlchemyError

from trigger_host_airflow.server.sessions import session_with_deadline

log = logging.getLogger(__name__)

_metadata = MetaData(schema=(conf.get("database", "sql_alchemy_schema", fallback="") or "").strip() or None)

checkpoint_table = Table(
    "trigger_host_checkpoint",
    _metadata,
    Column("trigger_id", Integer, primary_key=True, autoincrement=False),
    # Ids come twice on SQLite: a checkpoint belongs to the trigger that was made at this time.
    Column("trigger_created", UtcDateTime, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("value", Text, nullable=True),
)

event_key_table = Table(
    "trigger_host_event_key",
    _metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("accepted_at", UtcDateTime, nullable=False, index=True),
)

# Any number that nobody else locks.
_LOCK = int.from_bytes(hashlib.sha256(b"trigger-host tables").digest()[:8], "big", signed=True)


def make_tables(seconds: int) -> bool:
    """Make the tables that are missing. Returns whether they are there."""
    try:
        with session_with_deadline(seconds) as session:
            if get_dialect_name(session) == "postgresql":
                # Two that create one table at a time would fail on the catalog's unique index.
                session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _metadata.create_all(session.connection())
    except SQLAlchemyError:
        log.exception("The tables for checkpoints and event keys cannot be made; going on without these extensions.")
        return False
    return True
