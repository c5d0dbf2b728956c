"""Console pages of findings about which staff decide once."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from paktaleem.foundation.accounts.decided import Decided
from paktaleem.foundation.console.columns import staff_name
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of


class DecidedAdmin[Finding: Decided](EvidenceAdmin[Finding]):
    """Read-only admin of findings, with the member of staff who decided about each (``decider``)."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        found = super().get_queryset(request)
        return cast("QuerySet[Finding]", found.annotate(decider_name=staff_name("decided_by", actor_of(request))))

    @admin.display(description="decided by")
    def decider(self, row: Finding) -> str:
        name: str = getattr(row, "decider_name", "")
        return name or ("—" if row.decided_by is None else gettext("Former staff"))
