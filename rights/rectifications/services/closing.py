"""Checks before a request with corrections is closed."""

from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.errors import PortalError
from rights.rectifications.models import CorrectedValue, RecipientNotice
from rights.requests.models.requests import RightsRequest


class CorrectionWaits(PortalError):
    """A corrected age waits for a second person."""

    console_message = "A corrected age still waits for a second person (Age changes)."


class RecipientsNotInformed(PortalError):
    """A recipient was not informed yet."""

    console_message = "Inform every recipient first, and record it (GDPR Art. 19)."


def require_corrections_made(request: RightsRequest) -> None:
    """Raise CorrectionWaits while a second person has not decided about a corrected age."""
    waiting = CorrectedValue.objects.filter(client_id=request.client_id, request=request, applied_at=None)
    if waiting.filter(age_change__state=ChangeState.WAITING).exists():
        raise CorrectionWaits


def require_recipients_informed(request: RightsRequest) -> None:
    """Raise RecipientsNotInformed while the outcome for a recipient is not recorded (GDPR Art. 19)."""
    if RecipientNotice.objects.filter(client_id=request.client_id, request=request, outcome="").exists():
        raise RecipientsNotInformed
