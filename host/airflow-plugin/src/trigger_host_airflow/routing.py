"""Puts triggers that the host serves into the host's queue, when their rows are made.

Airflow hands triggers out by queue. A stock triggerer asks for those without one, so a stamped row is the host's alone.

- Rows are made in the api-server (a task defers), the scheduler (a task starts from its trigger, a deadline's
  callback) and the dag-processor (an asset watcher). Each of them makes a ``Job`` or builds the API, which installs
  the listener; task processes do neither, and import nothing.
- The class path decides alone: a queue that Airflow put (``[triggerer] queues_enabled``) is replaced.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from trigger_host_airflow import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

_installed: list[settings.Routing] = []


def install_if_server() -> None:
    """Install the listener if this process works with the trigger table already."""
    if "airflow.models.trigger" in sys.modules:
        install()


def install() -> settings.Routing | None:
    """Stamp every trigger row made from now on. Repeated calls change nothing. ``None``: no queue is set."""
    if _installed:
        return _installed[0]
    routing = settings.routing()
    if routing is None:
        return None

    from airflow.models.trigger import Trigger
    from sqlalchemy import event

    def stamp(_mapper: Any, _connection: Any, trigger: Trigger) -> None:
        if routing.takes(trigger.classpath):
            trigger.queue = routing.queue

    event.listen(Trigger, "before_insert", stamp)
    _installed.append(routing)
    log.info("Triggers of %s go to the queue %r.", [*routing.prefixes, *sorted(routing.exact)], routing.queue)
    return routing


def stamp_waiting(session: Session, routing: settings.Routing) -> int:
    """Stamp rows that nobody has claimed and that were made before the listener was there. Returns how many."""
    from airflow.models.trigger import Trigger
    from sqlalchemy import or_, update

    ours = or_(
        Trigger.classpath.in_(routing.exact),
        *(Trigger.classpath.startswith(prefix, autoescape=True) for prefix in routing.prefixes),
    )
    statement = update(Trigger).where(ours, Trigger.queue.is_(None), Trigger.triggerer_id.is_(None))
    result = session.execute(statement.values(queue=routing.queue).execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0))
