"""Progress of long-running commands on standard error."""

from django.core.management.base import OutputWrapper


class Progress:
    """A counter that updates in place on a terminal, and prints a line every ``line_every`` otherwise."""

    def __init__(self, out: OutputWrapper, *, what: str, line_every: int = 10_000) -> None:
        """Write to ``out`` how many of ``what`` are done."""
        self._out, self._what, self._every, self._next = out, what, line_every, line_every
        self._moves = out.isatty()

    def show(self, done: int) -> None:
        """Report how many are done."""
        if self._moves:
            self._out.write(f"\r\x1b[K{done:,} {self._what}", ending="", style_func=str)
            self._out.flush()
        elif done >= self._next:
            self._next = done - done % self._every + self._every
            self._out.write(f"{done:,} {self._what}", style_func=str)

    def end(self) -> None:
        """Clear the updating line."""
        if self._moves:
            self._out.write("\r\x1b[K", ending="", style_func=str)
