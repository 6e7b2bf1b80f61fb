"""Airflow's own shared-stream manager, measured: raw events per CPU second of this process.

Beside it runs what a triggerer runs per subscriber: the trigger's filter, the binding of each trigger event, and its confirmation (in
lots, as the runner gets them from its supervisor). The source hands out messages parsed once; a filter looks at one field.

    python streams.py CASE...      CASE is MODE:SUBSCRIBERS:EMITS, e.g. ack:100:one or fast:10:all; or memory:SUBSCRIBERS

Prints one JSON object per case.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Hashable
from typing import Any

import structlog
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from airflow.triggers.shared_stream import SharedStreamManager, SharedStreamProducer

KINDS = 100
"""A filter that emits one per cent wants one of these kinds."""
WINDOW = 2.0
"""CPU seconds a case is measured for."""
IN_FLIGHT = 512
"""Raw events between source and broker: below the bound of the subscribers' queues, since the source is never slowed."""


class Upstream:
    """What the source and the broker of one case have seen."""

    def __init__(self) -> None:
        self.read = 0
        self.advanced = 0
        self.delivered = 0
        self.paused = False

    def messages(self) -> Any:
        """One parsed message, as a consumer's loop makes it."""
        text = json.dumps({"kind": self.read % KINDS, "id": self.read, "detail": {"state": "done"}})
        self.read += 1
        return json.loads(text)


UPSTREAM = Upstream()


class Producer(SharedStreamProducer):
    async def open_stream(self) -> AsyncIterator[tuple[Any, Any]]:
        while True:
            while UPSTREAM.paused or UPSTREAM.read - UPSTREAM.advanced >= IN_FLIGHT:
                await asyncio.sleep(0)
            yield UPSTREAM.messages(), UPSTREAM.read

    async def advance(self, batch: Any) -> None:
        UPSTREAM.advanced += len(batch)


class Fast(BaseEventTrigger):
    """Looks at one field; emits for one kind in a hundred, or for all."""

    def __init__(self, kind: int | None) -> None:
        super().__init__()
        self.kind = kind

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "bench.Watch", {"kind": self.kind}

    def shared_stream_key(self) -> Hashable:
        return "bench"

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        while True:
            for _ in range(IN_FLIGHT):
                yield UPSTREAM.messages()
            # Everybody's turn before the next burst.
            for _ in range(3):
                await asyncio.sleep(0)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        async for message in shared_stream:
            if self.kind is None or message["kind"] == self.kind:
                yield TriggerEvent(message["kind"])

    async def run(self) -> AsyncIterator[TriggerEvent]:
        raise NotImplementedError
        yield


class Ack(Fast):
    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> SharedStreamProducer:
        return Producer()


async def subscriber(manager: SharedStreamManager, number: int, trigger: Fast, stored: list[int]) -> None:
    """What the runner does for one trigger: bind each event as it is queued for the supervisor."""
    key = trigger.shared_stream_key()
    stream = manager.subscribe(trigger_id=number, trigger=trigger, key=key)
    async for _event in trigger.filter_shared_stream(stream):
        sequence = manager.bind_pending_event(trigger_id=number, key=key)
        UPSTREAM.delivered += 1
        if sequence is not None:
            stored.append(sequence)


async def confirm(manager: SharedStreamManager, stored: list[int]) -> None:
    """The supervisor's side: everything queued is stored, and told in one lot."""
    while True:
        if stored:
            manager.confirm_persisted(list(stored))
            stored.clear()
        await asyncio.sleep(0)


async def throughput(mode: str, subscribers: int, emits: str) -> dict[str, Any]:
    global UPSTREAM
    UPSTREAM = Upstream()
    manager = SharedStreamManager()
    stored: list[int] = []
    of_class = Ack if mode == "ack" else Fast
    kinds = [None if emits == "all" else number % KINDS for number in range(subscribers)]
    tasks = [asyncio.create_task(subscriber(manager, number, of_class(kind), stored)) for number, kind in enumerate(kinds)]
    tasks.append(asyncio.create_task(confirm(manager, stored)))
    await asyncio.sleep(0.2)
    read = (lambda: UPSTREAM.advanced) if mode == "ack" else (lambda: UPSTREAM.read)
    begin, cpu = read(), time.process_time()
    while time.process_time() - cpu < WINDOW or read() - begin < 2 * IN_FLIGHT:
        await asyncio.sleep(0.05)
    count, spent = read() - begin, time.process_time() - cpu
    failed = [task for task in tasks if task.done()]
    if failed:
        raise RuntimeError(f"a subscriber ended: {failed[0].exception()!r}")
    await end(manager, tasks)
    return {"mode": mode, "subscribers": subscribers, "emits": emits, "events": count, "cpu": spent}


async def memory(subscribers: int) -> dict[str, Any]:
    """Bytes per raw event that is read, handed over, emitted by everybody, and not yet confirmed."""
    global UPSTREAM
    UPSTREAM = Upstream()
    manager = SharedStreamManager()
    tasks = [asyncio.create_task(subscriber(manager, number, Ack(None), [])) for number in range(subscribers)]
    await asyncio.sleep(0)
    before = resident()
    while UPSTREAM.read < IN_FLIGHT or UPSTREAM.delivered < IN_FLIGHT * subscribers:
        await asyncio.sleep(0.01)
    each = (resident() - before) / IN_FLIGHT
    await end(manager, tasks)
    return {"mode": "memory", "subscribers": subscribers, "bytes": each}


async def end(manager: SharedStreamManager, tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await manager.stop_all()


def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def main() -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for case in sys.argv[1:]:
        mode, subscribers, *rest = case.split(":")
        measured = memory(int(subscribers)) if mode == "memory" else throughput(mode, int(subscribers), *rest)
        print(json.dumps(asyncio.run(measured)), flush=True)


if __name__ == "__main__":
    main()
