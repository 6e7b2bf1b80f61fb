"""Waiting for conditions; nothing in these tests waits for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

EVERY = 0.1


def wait_for(what: str, within: float, ask: Callable[[], Answer | None], every: float = EVERY) -> Answer:
    """Ask until there is an answer that is true, at most so many seconds; `every` is in seconds, too.

    :raises TimeoutError: there was none; names what was waited for and the last answer
    """
    until = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > until:
            raise TimeoutError(f"waited {within:g} s in vain: {what} (last answer: {answer!r})")
        time.sleep(every)
