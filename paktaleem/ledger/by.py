"""Who did something, as evidence names them: bare kinds and ids, no names."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import models

__all__ = ["By", "ByKind", "Reason"]


class ByKind(StrEnum):
    """What kind of actor an id belongs to."""

    USER = "user"
    API_KEY = "api_key"
    SUBJECT = "subject"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class By:
    """One actor of one act: kind, id and the role in which they acted."""

    kind: ByKind
    id: UUID
    role: str


class Reason(models.TextChoices):
    """Why something was changed or looked at: a code, so that no free text reaches history (DESIGN §4)."""

    ONBOARDING = "onboarding", "Setting up a client or person"
    ROSTER_IMPORT = "roster_import", "Import of a roster"
    LMS_UPDATE = "lms_update", "Update by the learning platform"
    CLIENT_INSTRUCTION = "client_instruction", "Instruction of the client"
    AGREEMENT_CHANGE = "agreement_change", "Change of an agreement"
    CLIENT_NOTIFICATION = "client_notification", "Telling a client in advance"
    LAW_CHANGE = "law_change", "Change of law or guidance"
    REVIEW = "review", "Periodic review"
    CORRECTION = "correction", "Correction of a mistake"
    SUBJECT_REQUEST = "subject_request", "Request of the data subject or a guardian"
    SUPPORT_CASE = "support_case", "Support case"
    INCIDENT = "incident", "Security or privacy incident"
    KEY_ROTATION = "key_rotation", "Rotation of a key"
