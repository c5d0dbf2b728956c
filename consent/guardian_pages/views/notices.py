"""The direct notice shown to a guardian before deciding (COPPA, 16 CFR 312.4(c)(1)), from the current register."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from children.invitations.notice_tokens import hash_notice
from consent.consents.selectors.choices import Choice, list_choices
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from consent.register.models import Basis, DataCategory, RecipientApproval
from consent.register.purpose_texts import PurposeText, describe_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import person_actor
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["ServiceNotice", "Use", "recipients_of", "service_notice"]


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose as shown in the notice: text, data, lawful basis and outside recipients."""

    code: str
    text: PurposeText
    basis: str
    data: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """The complete notice about the service; ``hash`` changes with any part of it.

    ``uses`` are part of the service; ``asked_apart`` are based on consent, and each is asked separately.
    """

    uses: tuple[Use, ...]
    asked_apart: tuple[Use, ...]
    policy: str

    @property
    def hash(self) -> str:
        """The hash of the whole notice."""
        uses = [asdict(one) for one in (*self.uses, *self.asked_apart)]
        return hash_notice({"uses": uses, "policy": self.policy})

    @property
    def recipients(self) -> list[str]:
        """The names of all outside recipients, without duplicates."""
        return sorted({name for one in self.uses for name in one.recipients})


def service_notice(child: Subject, guardian: Subject, *, at: datetime, language: str) -> ServiceNotice:
    """Return the notice about the service for this child: purposes, data, recipients and the policy in effect."""
    actor = person_actor(guardian.pk, guardian.client_id, acts_for=child.pk)
    choices = list_choices(child, actor=actor, at=at)
    data, recipients = _data_names(child.client_id, language), recipients_of(child.client_id, at=at)
    uses = [_use(choice, data, recipients, language) for choice in choices]
    return ServiceNotice(
        uses=tuple(one for one in uses if one.basis != Basis.CONSENT),
        asked_apart=tuple(one for one in uses if one.basis == Basis.CONSENT),
        policy=_policy(child, at),
    )


def _use(choice: Choice, data: dict[str, str], recipients: dict[str, list[str]], language: str) -> Use:
    purpose = choice.purpose
    return Use(
        code=purpose.code,
        text=describe_purpose(purpose, language),
        basis=choice.basis.basis,
        data=tuple(data.get(code, code) for code in sorted(purpose.categories)),
        recipients=tuple(recipients.get(purpose.code, ())),
    )


def _data_names(client_id: UUID, language: str) -> dict[str, str]:
    rows = DataCategory.objects.filter(client_id__in=[PAKTALEEM, client_id])
    return dict(rows.values_list("code", f"name_{language}"))


def recipients_of(client_id: UUID, *, at: datetime) -> dict[str, list[str]]:
    """Map each purpose code to the names of the outside recipients approved for it at ``at``."""
    open_now = Q(objection_until=None) | Q(objection_until__lte=at)
    rows = RecipientApproval.objects.active(at).filter(open_now, client_id__in=[PAKTALEEM, client_id])
    found: dict[str, Any] = {}
    for approval in rows.select_related("recipient"):
        for code in approval.purposes:
            found.setdefault(code, set()).add(f"{approval.recipient.name} ({approval.recipient.service})")
    return {code: sorted(names) for code, names in found.items()}


def _policy(child: Subject, at: datetime) -> str:
    try:
        return get_version_in_effect(policy_timeline(child.client), at=at).content_hash
    except NoticeUnknown:
        return ""
