"""Make a proposed provider."""

from datetime import datetime
from typing import Any
from uuid import UUID

from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.directory.staff.single_sign_on.services import propose_provider
from paktaleem.foundation.accounts.actors import Actor


def wanted(client_id: UUID, **changes: Any) -> Provider:
    columns = {"issuer": "https://idp.school.example", "application_id": "portal", "domains": ["indus.example"]}
    columns["ground"] = "The school has one sign-in."
    return Provider(client_id=client_id, **{**columns, **changes})


def propose_sign_on(client_id: UUID, actor: Actor, at: datetime) -> Provider:
    return propose_provider(wanted(client_id), "secret", actor=actor, reason="onboarding", at=at)
