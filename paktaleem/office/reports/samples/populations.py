"""Populations from which samples are drawn: their rows of a period, and the columns that name no person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.consents.models import ConsentEvent
from consent.sharing.models import Disclosure
from paktaleem.foundation.accounts.models import Client
from retention.holdings.models import Collection
from rights.requests.models import RightsRequest


class PopulationKind(models.TextChoices):
    """A population of which samples are drawn."""

    COLLECTIONS = "collections", _("Decisions about collections")
    DISCLOSURES = "disclosures", _("Decisions about disclosures")
    CONSENTS = "consents", _("Answers about consent")
    CASES = "cases", _("Rights requests")


@dataclass(frozen=True, slots=True)
class Population:
    """The rows of a population, the time by which they belong to a period, and the columns of a sample.

    ``columns`` maps the heading of a file to the field; ``page`` is the model whose page shows a row.
    """

    rows: Callable[[], QuerySet[Any]]
    moment: str
    columns: Mapping[str, str]
    headings: Mapping[str, Promise]
    page: str


_CODE = Client.objects.filter(pk=models.OuterRef("client_id")).values("code")[:1]
_COMMON = {"id": _("Row"), "client": _("Client"), "at": _("Time")}


def _select(model: type[models.Model], *, exclude: Mapping[str, Any] | None = None) -> Callable[[], QuerySet[Any]]:
    def rows() -> QuerySet[Any]:
        found = model._default_manager.order_by()
        found = found.exclude(**exclude) if exclude else found
        named: QuerySet[Any] = found.annotate(client_code=models.Subquery(_CODE), row_id=Cast("pk", TextField()))
        return named

    return rows


POPULATIONS: dict[PopulationKind, Population] = {
    PopulationKind.COLLECTIONS: Population(
        _select(Collection),
        "reported_at",
        {
            "id": "row_id",
            "client": "client_code",
            "at": "reported_at",
            "decision": "reason",
            "purpose": "purpose",
            "category": "category",
            "occasion": "occasion",
            "system": "system__code",
        },
        {
            **_COMMON,
            "decision": _("Decision"),
            "purpose": _("Purpose"),
            "category": _("Data category"),
            "occasion": _("Occasion"),
            "system": _("System"),
        },
        "retention_collection",
    ),
    PopulationKind.DISCLOSURES: Population(
        _select(Disclosure),
        "reported_at",
        {
            "id": "row_id",
            "client": "client_code",
            "at": "reported_at",
            "decision": "reason",
            "purpose": "purpose",
            "recipient": "recipient__code",
            "system": "system__code",
        },
        {
            **_COMMON,
            "decision": _("Decision"),
            "purpose": _("Purpose"),
            "recipient": _("Recipient"),
            "system": _("System"),
        },
        "sharing_disclosure",
    ),
    PopulationKind.CONSENTS: Population(
        _select(ConsentEvent),
        "recorded_at",
        {
            "id": "row_id",
            "client": "client_code",
            "at": "recorded_at",
            "answer": "state",
            "purpose": "purpose__code",
            "given_by": "given_by",
            "method": "method",
            "notice_version": "notice_version__number",
            "shown_hash": "shown_hash",
        },
        {
            **_COMMON,
            "answer": _("Answer"),
            "purpose": _("Purpose"),
            "given_by": _("Given by"),
            "method": _("Method"),
            "notice_version": _("Version of the notice"),
            "shown_hash": _("Hash of the text shown"),
        },
        "consent_consentevent",
    ),
    PopulationKind.CASES: Population(
        _select(RightsRequest, exclude={"state__in": ["duplicate", "handed_over"]}),
        "received_at",
        {
            "id": "row_id",
            "client": "client_code",
            "at": "received_at",
            "number": "number",
            "channel": "channel",
            "state": "state",
            "due": "due_at",
            "answered": "answered_at",
        },
        {
            **_COMMON,
            "number": _("Number"),
            "channel": _("Channel"),
            "state": _("State"),
            "due": _("Due"),
            "answered": _("Answered"),
        },
        "rights_rightsrequest",
    ),
}
"""Every population. No column holds a name, a contact, an LMS id, a free text or the id of a person."""
