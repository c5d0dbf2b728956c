"""The result table: rows with targets. A failed section is reported, and the others continue."""

import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, compared with its target if it has one. ``value`` is compared with the one target given."""

    what: str
    seen: str
    value: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    cpu: str = ""

    @property
    def target(self) -> str:
        """Return the target as text."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:.3g}{self.unit}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        """Return whether the target is reached, or an empty text without a target."""
        if not self.target:
            return ""
        if self.value is None:
            return "**not measured**"
        least, most = self.at_least, self.at_most
        return (
            "reached" if (least is None or self.value >= least) and (most is None or self.value <= most) else "**no**"
        )

    @property
    def cells(self) -> list[str]:
        value = "" if self.value is None or self.unit else f"{self.value:.2f}"
        return [self.what, self.seen, value, self.target, self.verdict, self.cpu]


def render(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    head = ["| what | seen | ratio | target | | CPU: web + database |", "|---|---|---|---|---|---|"]
    return "\n".join(head + ["| " + " | ".join(row.cells) + " |" for row in rows])


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def measure_section(planned: Row, measure: Callable[[], list[Row]]) -> list[Row]:
    """Measure one section; if it fails, return its planned row with the reason and print the error to stderr."""
    try:
        return measure()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other rows are still wanted
        print_progress(traceback.format_exc())
        first_line = str(error).strip().partition("\n")[0].replace("|", "/")
        return [Row(planned.what, f"{type(error).__name__}: {first_line}", None, planned.at_least, planned.at_most)]


def print_progress(text: str) -> None:
    """Print progress to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
