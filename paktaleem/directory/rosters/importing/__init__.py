"""Importing a whole roster at once: `import_roster(roster, client=…, actor=…, at=…)`.

Set-based and all or nothing: chunks of people are sealed here, copied to a temporary stage that holds ciphertext
only, and moved into place by a fixed number of statements, rows, history, keys and evidence alike.
"""

from paktaleem.directory.rosters.importing.report import ImportReport, Tally
from paktaleem.directory.rosters.importing.service import (
    ContextChanged,
    ImportRunning,
    PeopleChangedMeanwhile,
    RosterSource,
    TooManyWouldVanish,
    import_roster,
    try_roster,
)

__all__ = [
    "ContextChanged",
    "ImportReport",
    "ImportRunning",
    "PeopleChangedMeanwhile",
    "RosterSource",
    "Tally",
    "TooManyWouldVanish",
    "import_roster",
    "try_roster",
]
