"""A PostgreSQL server of the test's own: private folder, private port, thrown away afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Postgres:
    """A running server."""

    folder: Path
    port: int
    prefix: list[str]
    binaries: Path

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/postgres"

    @classmethod
    def start(cls, home: Path, *, durable: bool = False) -> Postgres:
        """Start one below ``home``. The server refuses to run as root, so then it runs as ``postgres``.

        ``durable``: commits reach the disk, as in production.
        """
        folder = home / "postgres"
        folder.mkdir()
        prefix: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            home.chmod(0o755)
            os.chown(folder, user.pw_uid, user.pw_gid)
            prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = cls(folder, port, prefix, binaries())
        server.run("initdb", "-A", "trust", "-U", "postgres", "-N", "-D", str(folder / "data"))
        settings = ["listen_addresses=127.0.0.1", "max_connections=300", f"fsync={'on' if durable else 'off'}"]
        options = f"-p {port} -k {folder} " + " ".join(f"-c {setting}" for setting in settings)
        server.run("pg_ctl", "start", "-w", "-D", str(folder / "data"), "-l", str(folder / "log"), "-o", options)
        return server

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.folder / "data"))

    def run(self, program: str, *arguments: str) -> None:
        command = [*self.prefix, str(self.binaries / program), *arguments]
        # No pipe: the server would inherit it and never close it.
        log = self.folder / f"{program}.out"
        with log.open("w") as out:
            done = subprocess.run(command, stdout=out, stderr=out, cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {log.read_text()[-2000:]}")


def binaries() -> Path:
    """Find PostgreSQL: on the path, or where Debian puts it."""
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    raise RuntimeError("PostgreSQL is missing: install it, or put its bin folder on the path")
