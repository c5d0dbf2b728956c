"""Record whether the mailbox could be read, for the operators."""

from datetime import datetime

from django.db import transaction

from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.locks import advisory_lock
from rights.mailbox.models import MailboxCheck, MailboxError


@transaction.atomic
def record_check(error: MailboxError | None, *, at: datetime) -> MailboxCheck:
    """Record that the mailbox was read, or why it could not be; in PakTaleem's context."""
    advisory_lock("mailbox/check")
    row = MailboxCheck.objects.filter(client_id=PAKTALEEM).first() or MailboxCheck(client_id=PAKTALEEM)
    if error is None:
        row.read_at, row.failing_since, row.error = at, None, ""
    else:
        row.failing_since, row.error = row.failing_since or at, error.value
    row.save()
    return row
