"""Emails of a request go along when it goes on at another client."""

from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import new_id
from rights.mailbox.contents import Content, Upload, add_files, new_content, open_content, open_file, seal_content
from rights.mailbox.models import MailMessage, MessageState
from rights.requests.models.requests import RightsRequest

_KEPT = ("state", "aside_reason", "message_key", "content_key", "size", "received_at")


class _Taken(NamedTuple):
    """The columns, the content and the files of one email."""

    columns: dict[str, object]
    content: Content
    uploads: list[Upload]


@transaction.atomic
def move_messages(request: RightsRequest, made: RightsRequest) -> int:
    """Move the emails of a request, and their files, to the request that continues it at another client.

    Returns how many. They are sealed anew under the key of that request, one at a time. Their rows stay, without
    content, in the state *Moved*. The caller has locked both requests, in the officers' context. Raises CannotOpen.
    """
    with in_client(request.client_id):
        own = MailMessage.objects.filter(client_id=request.client_id, request=request, content__isnull=False)
        keys = list(own.order_by("received_at", "pk").values_list("pk", flat=True))
    for key in keys:
        with in_client(request.client_id):
            taken = _take_out(request, key)
        with in_client(made.client_id):
            _put_in(made, taken)
    return len(keys)


def _take_out(request: RightsRequest, key: UUID) -> _Taken:
    row = MailMessage.objects.select_for_update(of=("self",)).get(pk=key, client_id=request.client_id)
    row.request = request
    content = open_content(row)
    uploads = [Upload(one.name, one.kind, open_file(row, content, one)) for one in content.files]
    taken = _Taken({name: getattr(row, name) for name in _KEPT}, content, uploads)
    row.state, row.content, row.files = MessageState.MOVED, None, 0
    row.message_key, row.content_key = row.pk.bytes, None  # the hashes go along: a request may come back to this client
    row.save()
    return taken


def _put_in(made: RightsRequest, taken: _Taken) -> None:
    row = MailMessage(id=new_id(), client_id=made.client_id, request=made, **taken.columns)
    content = new_content(taken.content.mail, is_cut=taken.content.is_cut)
    add_files(row, content, taken.uploads)
    seal_content(row, content, request=made)
    row.save(force_insert=True)
