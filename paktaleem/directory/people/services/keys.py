"""Replace a person's key, so that emptied values in history become unreadable (NIST SP 800-88r2)."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import wrap_new_key


@transaction.atomic
def replace_key(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> Subject:
    """Destroy a person's key and seal their current values under a new one.

    Everything else sealed under the old key, such as history versions and emails, becomes unreadable. Use it only for
    people whose details were emptied and on whom no other record depends. Raises AlreadyErased, NotAllowed.
    """
    require(actor, Capability.ERASE_SUBJECTS, subject.client_id)
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    old = sealer_of(subject)
    new, epoch, wrapped = wrap_new_key(subject.client_id, subject.pk)
    for field in PERSONAL:
        column, sealed = f"subjects_subject.{field}", getattr(subject, field)
        if sealed is not None:
            setattr(subject, field, new.seal(old.open(sealed, column=column), column=column))
    keys = SubjectKey.objects.filter(client_id=subject.client_id, subject_id=subject.pk)
    keys.update(epoch=epoch, wrapped=wrapped)
    save_tracked(subject, actor=actor, reason=reason, at=at)
    common = {"client_id": subject.client_id, "subject_id": subject.pk, "actor": actor, "at": at}
    record_entry("subject.key_replaced", facts={}, **common)
    return subject
