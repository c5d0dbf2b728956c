"""The recipients of data: on a person's own page, on a guardian's page about a child, and on the public page."""

from datetime import datetime
from typing import Any

from consent.notices.selectors.registers import current_register, find_purposes, map_category_names
from consent.register.compiled import describe_purpose
from consent.register.models.agreements import Recipient
from consent.sharing.models import Disclosure
from consent.sharing.selectors import list_own_disclosures, list_own_legal_disclosures
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.first_rows import FirstRows, take_latest

_MOST = 50


def describe_disclosures(subject: Subject, *, actor: Actor, language: str) -> dict[str, object]:
    """Return the latest disclosures for ``sharing/received.html``, for the person or a guardian. Raises NotAllowed."""
    return {
        "disclosures": _name(subject, take_latest(list_own_disclosures(subject, actor=actor), _MOST), language),
        "authorities": take_latest(list_own_legal_disclosures(subject, actor=actor), _MOST),
    }


def _name(subject: Subject, found: FirstRows[Disclosure], language: str) -> FirstRows[dict[str, object]]:
    if not found:
        return FirstRows([])
    purposes = find_purposes(subject.client_id, {one.purpose for one in found})
    names = {code: describe_purpose(row, language).name for code, row in purposes.items()}
    categories = map_category_names(subject.client_id, language="ur" if language.startswith("ur") else "en")
    return found.map(
        lambda one: {
            "one": one,
            "purpose": names.get(one.purpose, one.purpose),
            "categories": sorted(categories.get(code, code) for code in one.categories),
        }
    )


def recipients_section(client: Client, at: datetime, language: str) -> dict[str, Any] | None:
    """Return the recipients of a client's data for its privacy page (policy §6), by name; None if there are none.

    Coming recipients are named before anything is shared; ``from_at`` is None if the client objects.
    """
    approvals = [
        (rule.id, one)
        for rule in current_register(client.pk).recipients.values()
        for one in rule.approvals
        if one.period.ends_at is None or one.period.ends_at > at
    ]
    recipients = Recipient.objects.in_bulk({recipient for recipient, _ in approvals})
    purposes = find_purposes(client.pk, sorted({code for _, one in approvals for code in one.purposes}))
    names = {code: describe_purpose(row, language).name for code, row in purposes.items()}
    categories = map_category_names(client.pk, language=language)
    rows: list[dict[str, Any]] = []
    for key, one in approvals:
        starts_at, recipient = max(one.period.starts_at, one.objection_until or one.period.starts_at), recipients[key]
        from_at = None if one.is_objected(at) else starts_at
        rows.append(
            {
                "recipient": recipient,
                "kind": recipient.get_kind_display(),
                "ground": recipient.get_transfer_ground_display() if recipient.transfer_ground else "",
                "purposes": sorted(names.get(code, code) for code in one.purposes),
                "categories": sorted(categories.get(code, code) for code in one.categories),
                "is_integral": one.is_integral,
                "from_at": from_at,
                "until_at": one.period.ends_at,
                "is_coming": from_at is not None and from_at > at,
            }
        )
    rows.sort(key=lambda row: (row["recipient"].name, row["purposes"]))
    return {"template": "privacy/recipients.html", "rows": rows} if rows else None
