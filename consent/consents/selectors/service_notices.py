"""The direct notice to guardians before they decide (COPPA, 16 CFR 312.4(c)(1)), from the current register.

Guardians read it on their own page, or on a printed form.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from children.invitations.notice_tokens import hash_notice
from consent.consents.selectors.choices import list_purposes_of_roles
from consent.notices.selectors.notices import NoticeUnknown, get_version_in_effect, policy_timeline
from consent.notices.selectors.registers import current_register
from consent.register.compiled import BasisRule
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import Basis, DataCategory, Purpose
from consent.register.purpose_texts import PurposeText, describe_purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM


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


@dataclass(frozen=True, slots=True)
class PrintedNotice:
    """The notice about the service in English and Urdu, as printed on a form for guardians."""

    english: ServiceNotice
    urdu: ServiceNotice

    @property
    def hash(self) -> str:
        """The hash of what is printed: the purposes based on consent have notices of their own."""
        uses = [asdict(one) for one in (*self.english.uses, *self.urdu.uses)]
        return hash_notice({"uses": uses, "policy": self.english.policy})

    @property
    def asks_sharing(self) -> bool:
        """Return True if there are outside recipients, about whom the form asks separately."""
        return bool(self.english.recipients)


def printed_notice(client: Client, roles: Sequence[str], *, at: datetime) -> PrintedNotice:
    """Return the notice about the service in both languages, for a client's children in these roles."""
    return PrintedNotice(
        service_notice(client, roles, at=at, language="en"), service_notice(client, roles, at=at, language="ur")
    )


def service_notice(client: Client, roles: Sequence[str], *, at: datetime, language: str) -> ServiceNotice:
    """Return the notice about the service for a client's children in these roles.

    It names purposes, data, recipients and policy.
    """
    data, recipients = _data_names(client.pk, language), recipients_of(client.pk, at=at)
    uses = [
        _use(purpose, basis, data, recipients, language)
        for purpose, basis in list_purposes_of_roles(client.pk, roles, at=at)
    ]
    return ServiceNotice(
        uses=tuple(one for one in uses if one.basis != Basis.CONSENT),
        asked_apart=tuple(one for one in uses if one.basis == Basis.CONSENT),
        policy=_policy(client, at),
    )


def _use(
    purpose: Purpose, basis: BasisRule, data: dict[str, str], recipients: dict[str, list[str]], language: str
) -> Use:
    return Use(
        code=purpose.code,
        text=describe_purpose(purpose, language),
        basis=basis.basis,
        data=tuple(data.get(code, code) for code in sorted(purpose.categories)),
        recipients=tuple(recipients.get(purpose.code, ())),
    )


def _data_names(client_id: UUID, language: str) -> dict[str, str]:
    rows = DataCategory.objects.filter(client_id__in=[PAKTALEEM, client_id])
    return dict(rows.values_list("code", f"name_{language}"))


def recipients_of(client_id: UUID, *, at: datetime) -> dict[str, list[str]]:
    """Map each purpose code to the names of the outside recipients with whom its data may be shared at ``at``.

    Leaves out recipients to which the client objects or may still object: no consent covers them yet (decision 0080).
    """
    found: dict[str, set[UUID]] = {}
    for rule in current_register(client_id).recipients.values():
        for approval in rule.approvals:
            for code in approval.purposes if approval.is_in_force(at) else ():
                found.setdefault(code, set()).add(rule.id)
    rows = Recipient.objects.filter(client_id__in=[PAKTALEEM, client_id])
    names = {row.pk: f"{row.name} ({row.service})" for row in rows}
    return {code: sorted(names[pk] for pk in ids) for code, ids in found.items()}


def _policy(client: Client, at: datetime) -> str:
    try:
        return get_version_in_effect(policy_timeline(client), at=at).content_hash
    except NoticeUnknown:
        return ""
