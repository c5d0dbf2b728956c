"""Widening a purpose: consents to it that were given before become outdated."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.register.models.purposes import Purpose
from consent.register.services.register import require_own_row, save_register_row
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason

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
    return save_register_row(widened, actor=actor, reason=reason, at=at)
