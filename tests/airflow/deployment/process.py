"""Programs of the deployment: each in a group of its own, with its output in a file, and gone when the run is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_LINE = 400
LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Let the kernel signal this process when its parent is gone, however that went."""
    LIBC.prctl(PR_SET_PDEATHSIG, number)


class Process:
    """A running program."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
    ) -> None:
        self.name = name
        self.log = log
        self._log_began = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._child.pid

    def still_runs(self) -> None:
        """Raise when it has ended, with the last of what it said."""
        if (code := self._child.poll()) is not None:
            raise RuntimeError(f"{self.name} has ended by itself with {code}:\n{self.tail()}")

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its output, long ones cut."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_began, self.log.stat().st_size - 64_000))
            last = log.read().decode(errors="replace").splitlines()[-lines:]
        return "\n".join(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in last)

    def end(self, within: float = 20) -> None:
        """Ask it to end, and make it after so many seconds; its children go with it."""
        if self._child.poll() is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(within)
        self.kill()

    def signal(self, number: int) -> None:
        """Send a signal to the program, not to its children."""
        self._child.send_signal(number)

    def kill(self) -> None:
        """Kill its whole group at once: it gets no chance to tidy up."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def resident(self) -> int:
        """Return the bytes of memory that it and its children have resident, shared pages counted once for each."""
        return sum(_resident(pid) for pid in _with_children(self.pid))


def _with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _with_children(int(child)))]


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
