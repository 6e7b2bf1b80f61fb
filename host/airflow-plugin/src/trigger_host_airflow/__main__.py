"""``python -m trigger_host_airflow``: what an operator does by hand."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from trigger_host_airflow import settings


def write_private(path: Path, text: str) -> None:
    """Put a file for its owner alone in place at once: a reader finds the old text or the new one, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o600)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def token(life: int | None, output: Path | None) -> None:
    """Issue a host token."""
    from trigger_host_airflow.server.tokens import HostTokens

    life = settings.token_life() if life is None else life
    text = HostTokens(life=life).issue() + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        write_private(output, text)


def _seconds(text: str) -> int:
    seconds = int(text)
    if seconds <= 0:
        raise ValueError
    return seconds


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="trigger_host_airflow", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("token", help="issue a token for a host, signed with this deployment's key")
    command.add_argument("--life", type=_seconds, metavar="SECONDS", help="default: [trigger_host] token_life")
    command.add_argument("--output", type=Path, metavar="FILE", help="write the token to FILE, with mode 0600")
    given = parser.parse_args(arguments)
    try:
        token(given.life, given.output)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"cannot issue a token: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
