"""Send the weekly digest once for each client and week, and stop or resume the email for one person."""

# A digest is sent also if no one looked, because that is what a client wants to know; it names no data subject, since
# mailboxes are outside the portal.

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.digests.models import DigestChoice, SentDigest
from paktaleem.office.digests.weeks import Week, find_week_to_send


def find_due_week(client: Client, *, at: datetime) -> Week | None:
    """Lock a client's digests and return the week that is due and was not sent; None for sandboxes and PakTaleem."""
    if client.is_sandbox or client.pk == PAKTALEEM:
        return None
    advisory_lock(f"digests/{client.pk}")
    week = find_week_to_send(at, client.time_zone)
    if week is None or SentDigest.objects.filter(client=client, monday=week.monday).exists():
        return None
    return week


@transaction.atomic
def record_digest(client: Client, week: Week, *, recipients: int, actor: Actor, at: datetime) -> None:
    """Record that the digest of a week was sent to some administrators."""
    SentDigest(client=client, monday=week.monday, recipients=recipients, sent_at=at).save(force_insert=True)
    facts = {"monday": week.monday.isoformat(), "recipients": recipients}
    record_entry("digest.sent", client_id=client.pk, facts=facts, actor=actor, at=at)


@transaction.atomic
def switch_digest_email(client_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Stop the weekly email for the person who acts, or resume it; return True if it is stopped now.

    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_ACCESS_LOG, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person gets the weekly email.")
    advisory_lock(f"digests/{client_id}/{actor.id}")
    own: dict[str, Any] = {"client_id": client_id, "user_id": actor.id}
    row = DigestChoice.objects.filter(**own).first() or DigestChoice(**own, is_stopped=False)
    row.is_stopped, row.changed_at = not row.is_stopped, at
    row.save()
    return row.is_stopped
