"""A table of figures, for the terminal and for the documentation."""

from __future__ import annotations

import sys
from pathlib import Path


class Figures:
    """What was measured, by whom."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, str]] = {}
        self.rates: list[float] = []

    def add(self, what: str, who: str, figure: str) -> None:
        """Note a figure."""
        self._rows.setdefault(what, {})[who] = figure

    def write(self, file: Path) -> None:
        """Print the table and write it into a file, as Markdown."""
        columns = list(dict.fromkeys(who for row in self._rows.values() for who in row))
        lines = [["figure", *columns], ["---"] * (len(columns) + 1)]
        lines += [[what, *(row.get(who, "") for who in columns)] for what, row in self._rows.items()]
        table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        file.write_text(table)
        sys.stdout.write(f"\n{table}")
