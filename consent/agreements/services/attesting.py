"""Each year a client attests its own duties as controller (policy §7); reminders before and after."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.agreements.duties import DUTIES, TEXT_VERSION, compute_valid_until, hash_text, is_reminder_day
from consent.agreements.models import AttestationReminder, DutyAttestation
from consent.agreements.selectors import list_duties
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.locks import advisory_lock

NOTIFY = "agreements.notify_of_duties"
_NONE_CHOSEN = gettext_noop("Choose at least one statement that is true.")
_NO_LINK = gettext_noop("Give the address of the page on which users are informed.")
_TODAY_ALREADY = gettext_noop("This was attested today already.")


@transaction.atomic
def attest_duties(
    client: Client, duties: Iterable[str], *, notice_url: str = "", actor: Actor, at: datetime
) -> list[DutyAttestation]:
    """Record that a client's administrator attests duties for a year from today, with the text's version and hash.

    ``duties`` are codes of ``DUTIES``; ``notice_url`` is where users are informed. Raises ValidationError naming the
    field, NotAllowed.
    """
    require(actor, Capability.ATTEST_DUTIES, client.pk)
    chosen = set(duties)
    meant = [duty for duty in DUTIES if duty.code in chosen]
    if not meant or len(meant) != len(chosen):
        raise ValidationError({"duties": [_NONE_CHOSEN]})
    if any(duty.needs_link for duty in meant) and not notice_url:
        raise ValidationError({"notice_url": [_NO_LINK]})
    advisory_lock(f"attest/{client.pk}")
    valid_until = compute_valid_until(at.astimezone(ZoneInfo(client.time_zone)).date())
    if DutyAttestation.objects.filter(client_id=client.pk, duty__in=chosen, valid_until=valid_until).exists():
        raise ValidationError({"duties": [_TODAY_ALREADY]})
    rows = [
        DutyAttestation(
            client_id=client.pk,
            duty=duty.code,
            notice_url=notice_url if duty.needs_link else "",
            text_version=TEXT_VERSION,
            text_hash=hash_text(duty),
            valid_until=valid_until,
            attested_by=actor.id,
            attested_at=at,
        )
        for duty in meant
    ]
    for row in rows:
        row.clean_fields()
        row.save(force_insert=True)
        _record(row, actor, at)
    return rows


def _record(row: DutyAttestation, actor: Actor, at: datetime) -> None:
    facts = {
        "attestation": str(row.pk),
        "duty": row.duty,
        "text_version": row.text_version,
        "text": row.text_hash,
        "valid_until": row.valid_until.isoformat(),
    }
    record_entry("duty.attested", client_id=row.client_id, facts=facts, actor=actor, at=at)


@transaction.atomic
def remind_of_duties(client_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Remind a client, once a day at most, of duties that are near or overdue; return True if it was reminded.

    Follows policy §7. The email is sent 30, 7, 1 and 0 days before a duty is due and every 7 days after. Raises
    NotAllowed.
    """
    require(actor, Capability.VIEW_REGISTER, client_id)
    client = Client.objects.select_for_update().get(pk=client_id)
    today = at.astimezone(ZoneInfo(client.time_zone)).date()
    due = [one for one in list_duties(client, at=at) if is_reminder_day(one.due_on, today)]
    if not due or AttestationReminder.objects.filter(client_id=client_id, on=today).exists():
        return False
    AttestationReminder(client_id=client_id, on=today, sent_at=at).save(force_insert=True)
    due_on = min(one.due_on for one in due).isoformat()
    facts = {"duties": sorted(one.duty.code for one in due), "due_on": due_on}
    record_entry("duty.reminded", client_id=client_id, facts=facts, actor=actor, at=at)
    enqueue_job(NOTIFY, client=str(client_id), due_on=due_on)
    return True
