"""Events: accepts any number at once and answers each.

See docs/design/execution-api.md#jobs-and-triggers.

Order: keys claimed -> what waits is locked -> effects -> the caller commits -> the answers are true.

- Each event stands alone, but after a failed one no later event of the same trigger is tried.
- A task takes the first event of its trigger. Resumed tasks are written in one statement, however many; so are the
  events of one trigger's assets.
- Effects that Airflow's own code makes (ending a task, assets, callbacks) run in savepoints.
- An event for an unknown trigger, or where nothing waits, is accepted and does nothing.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.sqlalchemy import with_row_locks
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from trigger_host_airflow.server import effects, event_keys, problem, resuming
from trigger_host_airflow.server.models import EventKind
from trigger_host_airflow.server.payloads import refusal

log = logging.getLogger(__name__)

ACCEPTED = 204
EARLIER_FAILED = 424


@dataclass(frozen=True)
class Event:
    """An event as it was sent."""

    trigger_id: int
    payload: Any
    kind: EventKind = "fire"
    xcoms: dict[str, Any] | None = None
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """What became of an event."""

    status: int
    detail: problem.Detail | None = None


@dataclass(frozen=True)
class Waiting:
    """A deferred task instance, its row locked."""

    id: UUID
    next_kwargs: dict[str, Any] | None


class Refused(Exception):  # noqa: N818 - it is an answer
    """One event cannot be accepted."""

    def __init__(self, status: int, detail: problem.Detail) -> None:
        super().__init__(status)
        self.answer = Answer(status, detail)


def accept(session: Session, events: Sequence[Event], *, with_keys: bool) -> list[Answer]:
    """Do what the events say. The answers are true once the caller has committed.

    ``with_keys``: whether keys can be remembered.
    """
    return _Acceptance(session, events, with_keys=with_keys).run()


class _Acceptance:
    def __init__(self, session: Session, events: Sequence[Event], *, with_keys: bool) -> None:
        self._session = session
        self._events = events
        self._with_keys = with_keys
        self._answers: list[Answer | None] = [None] * len(events)
        self._failed: set[int] = set()
        self._resumptions: dict[UUID, tuple[int, resuming.Resumption]] = {}
        self._asset_changes: dict[int, list[tuple[int, Any]]] = {}

    def run(self) -> list[Answer]:
        trigger_ids = {event.trigger_id for event in self._events}
        self._waiting = lock_waiting(self._session, trigger_ids)
        others = trigger_ids - self._waiting.keys()
        self._watching = effects.watching(self._session, others) if others else {}
        ending = {event.trigger_id for event in self._events if event.kind != "fire"} & self._waiting.keys()
        ids = [task.id for trigger_id in ending for task in self._waiting[trigger_id]]
        self._endable = effects.endable(self._session, ids) if ids else {}
        reasons = [refusal(event.payload, event.xcoms) for event in self._events]
        fingerprints = [self._fingerprint(*pair) for pair in zip(self._events, reasons, strict=True)]
        fresh = event_keys.claim(self._session, fingerprints)
        for place, event in enumerate(self._events):
            if event.trigger_id in self._failed:
                self._fail_as_later(place)
            elif (reason := reasons[place]) is not None:
                self._fail(place, Refused(422, {"reason": "payload_not_storable", "message": reason}))
            elif fresh[place]:
                self._try(place, event)
        self._resume()
        for trigger_id, changes in self._asset_changes.items():
            self._tell_assets(self._watching[trigger_id], changes)
        refused = [one for one, answer in zip(fingerprints, self._answers, strict=True) if answer is not None]
        event_keys.release(self._session, refused)
        return [answer or Answer(ACCEPTED) for answer in self._answers]

    def _try(self, place: int, event: Event) -> None:
        try:
            waiting = self._waiting.get(event.trigger_id)
            if waiting:
                self._tell_tasks(place, event, waiting)
            elif trigger := self._watching.get(event.trigger_id):
                self._tell_watchers(place, event, trigger)
        except Refused as refused:
            self._fail(place, refused)

    def _tell_tasks(self, place: int, event: Event, waiting: list[Waiting]) -> None:
        if event.kind == "fire":
            with _refusing(event.trigger_id):
                for task in waiting:
                    kwargs = resuming.next_kwargs_with_event(task.next_kwargs, event.payload)
                    self._resumptions[task.id] = (place, resuming.Resumption(task.id, kwargs))
        else:
            tasks = [self._endable[task.id] for task in waiting]
            with _refusing(event.trigger_id), self._session.begin_nested():
                effects.end_tasks(self._session, tasks, event.kind, event.xcoms or {})
        # Whatever comes next for this trigger finds nothing that waits.
        del self._waiting[event.trigger_id]

    def _tell_watchers(self, place: int, event: Event, trigger: Trigger) -> None:
        with _refusing(trigger.id):
            payload = effects.decoded(event.payload)
            if trigger.callback:
                with self._session.begin_nested():
                    effects.tell_callback(self._session, trigger, payload)
            # The end of a task means nothing to an asset.
            elif event.kind == "fire":
                # What does not become JSON again is found here, and not in the statement that all share.
                json.dumps(payload, allow_nan=False)
                self._asset_changes.setdefault(trigger.id, []).append((place, payload))

    def _tell_assets(self, trigger: Trigger, changes: list[tuple[int, Any]]) -> None:
        try:
            with _refusing(trigger.id), self._session.begin_nested():
                effects.tell_assets(self._session, trigger, [payload for _, payload in changes])
        except Refused as refused:
            if len(changes) == 1:
                self._fail(changes[0][0], refused)
                return
            for change in changes:
                if trigger.id in self._failed:
                    self._fail_as_later(change[0])
                else:
                    self._tell_assets(trigger, [change])

    def _resume(self) -> None:
        for failed, error in resuming.resume(self._session, list(self._resumptions.values())):
            self._fail(failed, Refused(*problem.of_database(error)))
            for later in range(failed + 1, len(self._events)):
                if self._events[later].trigger_id == self._events[failed].trigger_id:
                    self._fail_as_later(later)

    def _fingerprint(self, event: Event, reason: str | None) -> str | None:
        """Return what a repetition has in common; ``None`` where one does no harm: the first cuts a task's link."""
        if event.key is None or not self._with_keys or event.trigger_id not in self._watching or reason is not None:
            return None
        return event_keys.fingerprint(event.trigger_id, event.key, event.payload)

    def _fail_as_later(self, place: int) -> None:
        message = f"An earlier event of trigger {self._events[place].trigger_id} failed"
        self._fail(place, Refused(EARLIER_FAILED, {"reason": "earlier_event_failed", "message": message}))

    def _fail(self, place: int, refused: Refused) -> None:
        self._answers[place] = refused.answer
        self._failed.add(self._events[place].trigger_id)


@contextmanager
def _refusing(trigger_id: int) -> Iterator[None]:
    """Make what goes wrong with one event its answer."""
    try:
        yield
    except OperationalError:
        # A lost connection or a deadline: nothing more can be done in this transaction.
        raise
    except SQLAlchemyError as error:
        log.exception("The database refused an event of trigger %d.", trigger_id)
        raise Refused(*problem.of_database(error)) from error
    except Exception as error:
        log.exception("An event of trigger %d cannot be handed on.", trigger_id)
        message = f"Airflow cannot take this event: {type(error).__name__}; see the server's log"
        raise Refused(500, {"reason": "event_not_taken", "message": message}) from error


def lock_waiting(session: Session, trigger_ids: set[int]) -> dict[int, list[Waiting]]:
    """Lock the deferred task instances of these triggers, always in one order, so that two batches do not deadlock."""
    query = (
        select(TaskInstance.trigger_id, TaskInstance.id, TaskInstance.next_kwargs)
        .where(TaskInstance.trigger_id.in_(trigger_ids), TaskInstance.state == TaskInstanceState.DEFERRED)
        .order_by(TaskInstance.id)
    )
    waiting: dict[int, list[Waiting]] = {}
    for row in session.execute(with_row_locks(query, session, of=TaskInstance)):
        waiting.setdefault(row.trigger_id, []).append(Waiting(row.id, row.next_kwargs))
    return waiting
