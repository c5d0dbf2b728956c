"""Widening a purpose: consents to it that were given before become outdated."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.register.models import Purpose, PurposeWidening, WideningKind
from consent.register.services.register import get_transaction_id, require_own_row, save_register_row
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry

__all__ = ["widen_purpose"]

_NONE_TO_ADD = gettext_noop("Choose data categories that the purpose does not need yet.")


@transaction.atomic
def widen_purpose(
    purpose: Purpose, *, categories: Iterable[str], actor: Actor, reason: Reason | str, at: datetime
) -> Purpose:
    """Add data categories to a purpose, from now on; earlier consents to it are outdated and must be given again.

    Consent is for specific data and purposes (GDPR Art. 4(11); decision 0052). Raises ValidationError if no category is
    new, SharedRowNotEditable for a shared purpose, NotAllowed.
    """
    require(actor, Capability.ANNOUNCE_NOTICES, purpose.client_id)
    require_own_row(purpose, actor)
    widened = Purpose.objects.select_for_update().get(pk=purpose.pk, client_id=purpose.client_id)
    added = sorted(set(categories) - set(widened.categories))
    if not added:
        raise ValidationError({"categories": [_NONE_TO_ADD]})
    widened.categories = [*widened.categories, *added]
    widened.full_clean()
    _record_widening(widened, added, actor, at)
    return save_register_row(widened, actor=actor, reason=reason, at=at)


def _record_widening(purpose: Purpose, added: list[str], actor: Actor, at: datetime) -> None:
    """Record the widening first: the database refuses new categories of a purpose without it."""
    widening = PurposeWidening(
        client_id=purpose.client_id,
        purpose=purpose,
        purpose_owner=purpose.client_id,
        kind=WideningKind.CATEGORIES,
        added=added,
        widened_at=at,
        xact=get_transaction_id(),
    )
    widening.save(force_insert=True)
    facts = {"widening": str(widening.pk), "purpose": purpose.code, "kind": str(widening.kind), "added": added}
    record_entry("purpose.widened", client_id=purpose.client_id, facts=facts, actor=actor, at=at)
