"""Signatories of an agreement and its documents: kept for ten years after its end, as books of account are."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, gettext_lazy as _

from consent.agreements.models import AgreementDocument, AgreementSigning
from paktaleem.directory.people.copies.declarations import Column, Section, ValueKind
from paktaleem.directory.staff.former_staff import call_of_account, make_account_section
from paktaleem.foundation.text.times import format_date
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff, get_period

_SIGNATURES = "SELECT * FROM agreements_signatures(%s)"
_COLUMNS = (
    Column("institution", _("Institution")),
    Column("reference", _("Agreement")),
    Column("signed_at", _("Signed"), ValueKind.TIME),
    Column("ends_at", _("Until"), ValueKind.TIME),
)


def find_signature_need(user_id: UUID, at: datetime) -> str:
    """Return until when the name of a signatory is kept; a handler of ``accounts.needs``.

    A contract belongs to the books of account: Companies Act 2017, section 220.
    """
    ends = [row[3] for row in call_of_account(_SIGNATURES, user_id)]
    if None in ends:
        return gettext("They signed an agreement that is in force.")
    until = max(ends, default=at) + get_period(AGREEMENT_DOCUMENTS.code)
    if not ends or until <= at:
        return ""
    words = gettext("They signed an agreement: kept until {day} (Companies Act 2017, section 220).")
    return words.format(day=format_date(until))


def list_signature_sections() -> Sequence[Section]:
    """List the section of a copy about signed agreements; a handler of ``person_sections``."""
    title, read = _("Agreements that you signed"), partial(call_of_account, _SIGNATURES)
    return (make_account_section("signatures", title, AgreementSigning, _COLUMNS, read),)


def list_old_documents(at: datetime) -> QuerySet[AgreementDocument]:
    """List the documents that are due at ``at``, in the current context."""
    ended = Coalesce("agreement__exit_until", "agreement__ends_at")
    kept = AgreementDocument.objects.filter(wrapped__isnull=False).alias(ended_at=ended)
    return kept.filter(ended_at__lte=get_cutoff(AGREEMENT_DOCUMENTS.code, at=at))


AGREEMENT_DOCUMENTS = DataKind(
    code="agreement_documents",
    name=_("Documents of agreements, and who signed them"),
    counted_from=_("The end of the agreement and its exit period"),
    disposal=Disposal.KEY,
    bounds=Bounds(3650, 3650, 7300),
    due=list_old_documents,
    purge=lambda client_id, at, **_actor: (
        list_old_documents(at).filter(client_id=client_id).update(wrapped=None, epoch=None)
    ),
)
