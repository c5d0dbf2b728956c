"""People whom no institution knows: the sender of a request to PakTaleem becomes a data subject of PakTaleem."""

from datetime import datetime
from typing import Annotated

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.people.details import contact_index, parse_contact
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.staff.former_staff import name_account
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text
from rights.requests.services.intake import MATCH_SENDER
from rights.requests.services.steps import lock_request, require_open, require_texts

SenderName = Annotated[
    str, forms.CharField(label=gettext_lazy("Name, as the sender gives it"), required=False, max_length=200)
]


def _check_sender(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_open(request)
    require_texts(request)
    if request.client_id != PAKTALEEM:
        raise Refused(_("Only PakTaleem registers the sender of a request: an institution registers its own people."))
    if request.subject_id is not None:
        raise Refused(_("The request is assigned to a person already."))


@act(
    "register-sender",
    "Register the sender",
    Capability.SUPERVISE,
    lead="For a sender whom no institution knows, such as a visitor or a former member of staff. They become a data "
    "subject of PakTaleem with the contact in the request, and receive a link to confirm that they made it. Like "
    "every new contact, it counts after 72 hours.",
    done="Registered. A link to confirm the request is on its way.",
    lock=lock_request,
    check=_check_sender,
)
def register_sender(request: RightsRequest, *, full_name: SenderName = "", actor: Actor, at: datetime) -> Subject:
    """Register the sender of a request to PakTaleem, with its contact; the owner of an account with the account.

    The other open requests with this contact become theirs too. Raises Refused without an email address or telephone
    number, or if a person with this contact is registered; AlreadyErased for the owner of an account that is deleted.
    """
    contact = open_text(request, row=request, field="contact")
    try:
        field, plain = parse_contact(contact, region=request.client.country)
        index = contact_index(PAKTALEEM, contact, region=request.client.country)[1]
    except ValueError as error:
        raise Refused(_("The request names no email address and no telephone number.")) from error
    if Subject.objects.filter(client_id=PAKTALEEM, erased_at=None, **{f"{field}_index": index}).exists():
        raise Refused(_("A person with this contact is registered: assign the request to them."))
    account = User.objects.filter(email__iexact=plain).first() if field == "email" else None
    name = account.full_name if account else full_name.strip() or None
    details = {"role": SubjectRole.CONTACT.value, "full_name": name, field: plain, "language": request.language}
    external_id = name_account(account.pk) if account else f"contact-{new_id()}"
    why = Reason.SUBJECT_REQUEST
    person, _is_new = register_subject(
        external_id, client=request.client, details=details, actor=actor, reason=why, at=at
    )
    request.contact_index = index
    request.save(update_fields=["contact_index"])
    for key in _list_unassigned(index).filter(closed_at=None).values_list("pk", flat=True):
        enqueue_job(MATCH_SENDER, client=str(PAKTALEEM), request=str(key))
    return person


def add_earlier_requests(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    """Give a verified person the ended requests with their contact; a handler of ``rights.identity_verified``."""
    person = request.subject
    if request.client_id == PAKTALEEM and person is not None:
        for index in filter(None, (person.email_index, person.phone_index)):
            _list_unassigned(bytes(index)).filter(closed_at__isnull=False).update(subject=person)


def _list_unassigned(index: bytes) -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(client_id=PAKTALEEM, subject=None, contact_index=index)
