"""Make a proposed provider."""

from datetime import datetime
from uuid import UUID

from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.directory.staff.single_sign_on.services import ProviderSettings, propose_provider
from paktaleem.foundation.accounts.actors import Actor


def propose_sign_on(client_id: UUID, actor: Actor, at: datetime) -> Provider:
    """Propose a provider of a client; in its context."""
    wanted = ProviderSettings("https://idp.school.example", "portal", "secret", ["indus.example"])
    return propose_provider(client_id, wanted, actor=actor, reason="onboarding", at=at)
