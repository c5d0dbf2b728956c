"""The section of a copy of a person's data: files about them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.sections import ADDED, KIND, Column, Section, ValueKind, table_section


def list_file_sections() -> Sequence[Section]:
    """List the section of files, by type and size. What systems gave is in the copy itself."""
    size = Column("size", _("Size in bytes"), ValueKind.NUMBER)
    columns = [(KIND, "kind"), (size, "size"), (ADDED, "added_at")]
    return (table_section("files", _("Files about you"), SealedFile, columns),)
