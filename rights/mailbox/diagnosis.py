"""The doctor's check of the support mailbox."""

from collections.abc import Iterator

from django.conf import settings

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis.lines import Line, fine, to_mend
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.models import MailboxCheck


def check_mailbox() -> Iterator[Line]:
    """Yield whether the worker reads the mailbox; no line if none is configured."""
    if not settings.MAILBOX_HOST:
        return
    with in_client(PAKTALEEM):
        check = MailboxCheck.objects.filter(client_id=PAKTALEEM).first()
    since = None if check is None else check.stuck_since(wall_clock_now())
    if check is None or since is not None:
        error = "" if check is None else check.error
        when = "never" if since is None else f"not since {since:%Y-%m-%d %H:%M} UTC"
        yield to_mend("mailbox", f"read {when}" + (f" ({error})" if error else ""), "Look at MAILBOX_… and the worker.")
    else:
        yield fine("mailbox", "read by the worker")
