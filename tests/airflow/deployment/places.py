"""Where things are, as `cargo xtask airflow-test` says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Programs and folders that the run is given."""

    host: Path
    """The binary `trigger-host`."""
    jobserver: Path
    """The binary `jobserver`."""
    samples: Path
    """Folder of the sample components."""
    guests: Path
    """Folder of the test guests' components."""
    python: Path
    """Folder of the venv's programs."""
    run: Path
    """Folder of this run: logs, configuration, Airflow's home."""
    figures: Path
    """Where the figures are written."""

    @classmethod
    def given(cls) -> Places:
        """Read the variables `AIRFLOW_TEST_*`."""
        missing = [name for name in map(_variable, cls.__annotations__) if name not in os.environ]
        if missing:
            raise RuntimeError(f"run `cargo xtask airflow-test`: it sets {', '.join(missing)}")
        return cls(**{name: Path(os.environ[_variable(name)]) for name in cls.__annotations__})


def _variable(name: str) -> str:
    return f"AIRFLOW_TEST_{name.upper()}"
