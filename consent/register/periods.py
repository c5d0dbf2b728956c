"""A period of time with an open or fixed end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """A period `[starts_at, ends_at)`; open-ended when `ends_at` is None."""

    starts_at: datetime
    ends_at: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Return True if `moment` lies in the period; the end is exclusive."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def moments(self) -> Iterator[datetime]:
        """Yield the start and, if set, the end."""
        yield self.starts_at
        if self.ends_at is not None:
            yield self.ends_at
