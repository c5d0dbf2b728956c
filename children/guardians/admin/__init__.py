"""Console pages of guardians, their answers, and pending changes."""

from children.guardians.admin import (
    checks,
    guardians,
    naming,
    people,
    records,
    verifications,
)
from children.guardians.admin import (
    dashboard as board,
)
from children.guardians.admin import (
    pending as waiting,
)

__all__ = ["board", "checks", "guardians", "naming", "people", "records", "verifications", "waiting"]
