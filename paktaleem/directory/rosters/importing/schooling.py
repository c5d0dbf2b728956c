"""Import the schools, terms, classes and enrolments of a roster, after its people."""

from paktaleem.directory.oneroster.columns import ENROLLMENTS
from paktaleem.directory.rosters.importing.plan import Action
from paktaleem.directory.rosters.importing.report import Tally
from paktaleem.directory.rosters.importing.run import Run
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import GivenRows
from paktaleem.directory.schools.services.enrolments import count_results, list_rows_with
from paktaleem.directory.schools.services.recording import record_schools

_ODDITIES = {
    "no_class": ("classSourcedId", "enrolment_without_class"),
    "no_person": ("userSourcedId", "enrolment_without_person"),
    "repeated": (None, "enrolment_repeated"),
}
_SAMPLE = 50


def import_schooling(given: GivenRows | None, run: Run) -> None:
    """Record the rows, end the enrolments of people who left, and add numbers, oddities and the plan to the run."""
    removed = [*run.removed.values(), *run.left]
    if given is None and not removed:
        return
    done = record_schools(
        given or GivenRows(), client=run.client, origin=Origin.ROSTER, removed=removed, actor=run.actor, at=run.at
    )
    run.schooling = {part: Tally(*counts) for part, counts in done.counts.items() if any(counts)}
    run.plan.note(Action.SCHOOLING, done.digest)
    for action, count in count_results().items():
        if action in _ODDITIES:
            _note_oddities(action, count, run)


def _note_oddities(action: str, count: int, run: Run) -> None:
    column, code = _ODDITIES[action]
    rows = list_rows_with(action, most=_SAMPLE)
    for row in rows:
        run.log.oddity(ENROLLMENTS, row, column, code)
    run.log.count_oddities(code, count - len(rows))
