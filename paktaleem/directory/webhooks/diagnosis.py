"""The doctor's check of webhooks."""

from collections.abc import Iterator

from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.foundation.operations.diagnosis import Line, fine, to_watch
from paktaleem.foundation.tenancy.context import as_officer


def check_webhooks() -> Iterator[Line]:
    """Yield how many receivers of clients are disabled."""
    with as_officer():
        disabled = Endpoint.objects.filter(disabled_at__isnull=False, removed_at=None).count()
    if disabled:
        yield to_watch("webhooks", f"{disabled} receivers are disabled", "See Webhooks in the console for the reasons.")
    else:
        yield fine("webhooks", "no receiver is disabled")
