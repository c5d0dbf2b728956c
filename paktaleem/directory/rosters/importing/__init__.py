"""Import a whole roster: ``import_roster(roster, client=…, actor=…, at=…)``.

Set-based and all or nothing: people are sealed here in chunks, copied to a temporary table that holds ciphertext only,
and moved into place with their history, keys and evidence by a fixed number of statements.
"""

from paktaleem.directory.rosters.importing.report import ImportReport, Tally
from paktaleem.directory.rosters.importing.service import (
    ImportRunning,
    PeopleChangedMeanwhile,
    PlanChanged,
    RosterSource,
    TooMuchLost,
    import_roster,
    try_roster,
)

__all__ = [
    "ImportReport",
    "ImportRunning",
    "PeopleChangedMeanwhile",
    "PlanChanged",
    "RosterSource",
    "Tally",
    "TooMuchLost",
    "import_roster",
    "try_roster",
]
