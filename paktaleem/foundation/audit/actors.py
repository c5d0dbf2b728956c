"""Actors and reasons as recorded in evidence: kinds, ids and codes, no names."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

OWN_ACCOUNT = "own_account"
"""The role of users who act on their own account: no membership is chosen yet."""


class ByKind(StrEnum):
    USER = "user"
    API_KEY = "api_key"
    SUBJECT = "subject"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class By:
    """The actor of one act: kind, id and role at that time."""

    kind: ByKind
    id: UUID
    role: str


class Reason(models.TextChoices):
    """Reason for a change or an access: a code, so that no free text reaches history."""

    ONBOARDING = "onboarding", _("Set-up of a client or person")
    ROSTER_IMPORT = "roster_import", _("Import of a roster")
    LMS_UPDATE = "lms_update", _("Update by the learning platform")
    CLIENT_INSTRUCTION = "client_instruction", _("Instruction of the client")
    AGREEMENT_CHANGE = "agreement_change", _("Change of an agreement")
    CLIENT_NOTIFICATION = "client_notification", _("Advance notice to a client")
    LAW_CHANGE = "law_change", _("Change of law or guidance")
    REVIEW = "review", _("Periodic review")
    CORRECTION = "correction", _("Correction of a mistake")
    SUBJECT_REQUEST = "subject_request", _("Request of the data subject or a guardian")
    SUPPORT_CASE = "support_case", _("Support case")
    INCIDENT = "incident", _("Security or privacy incident")
    KEY_ROTATION = "key_rotation", _("Rotation of a key")


def actor_fields(actor: By) -> dict[str, object]:
    """Return the columns that identify the actor who wrote a row."""
    return {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}
