"""Acts that cover all records of one person (docs/decisions/0101), for staff who see only some of them."""

from typing import ClassVar

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import has_hidden_record
from paktaleem.foundation.accounts.actors import NotAllowed


class RecordElsewhere(NotAllowed):
    """A member of staff limited to schools does not see every record of the person, whom the act covers as a whole."""

    console_message: ClassVar[str] = (
        "This person has another record, at a school outside your role. What covers all their records is done by a "
        "colleague whose role is not limited to schools."
    )


def require_all_records(subject: Subject) -> None:
    """Require that every record of a person is shown in the current context. Raises RecordElsewhere."""
    if has_hidden_record(subject):
        raise RecordElsewhere
