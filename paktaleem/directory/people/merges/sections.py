"""Section of a copy of a person's data: the other records that were found to be them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import KIND, REQUESTED, SETTLED, STATE, Section, table_section
from paktaleem.directory.people.merges.models import PersonMerge


def list_merge_sections() -> Sequence[Section]:
    """List the section of links; it names no other record."""
    columns = [(KIND, "kind"), (STATE, "state"), (REQUESTED, "requested_at"), (SETTLED, "settled_at")]
    return (
        table_section("merges", _("Your records that belong together"), PersonMerge, columns, of=("main", "other")),
    )
