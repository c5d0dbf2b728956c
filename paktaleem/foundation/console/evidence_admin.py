"""Read-only console pages of evidence."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest

from paktaleem.foundation.console.model_admin import ScopedAdmin


class EvidenceAdmin(ScopedAdmin):
    """Read-only admin of rows that only services add."""

    asks_reason = False
    sortable_by = ()
    form_columns: ClassVar[Sequence[str]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> Any:  # noqa: ARG002
        return () if obj is None else ("owner", *self.row_fields, *self.detail_fields)
