"""Contents of emails: encrypted, opened, and their section of a person's copy."""

import base64
import secrets
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.files.services import iterate_file, store_case_file
from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Source, Value
from paktaleem.foundation.encryption.keyring import KEY_BYTES
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from rights.mailbox.models import MailMessage
from rights.mailbox.rules import ParsedMail
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text, seal_text
from rights.requests.sections import OF_REQUEST

_COLUMN = "mailbox_mailmessage.content"
MESSAGE_KEYS = row_keys(MailMessage)


class KeptFile(msgspec.Struct, frozen=True):
    """A file of a message: the id of the sealed file, and the name, type and size that the email states."""

    id: UUID
    name: str
    kind: str
    size: int


class Content(msgspec.Struct):
    """The sealed part of a message. ``mail`` is None if it could not be read; ``is_cut`` if it was too large."""

    files_key: str
    mail: ParsedMail | None = None
    is_cut: bool = False
    files: list[KeptFile] = []

    def __repr__(self) -> str:
        return "Content(•••)"


class Upload(NamedTuple):
    name: str
    kind: str
    content: bytes


def new_content(mail: ParsedMail | None, *, is_cut: bool) -> Content:
    """Return the content of a new message, with a new key for its files."""
    return Content(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(), mail, is_cut, [])


def add_files(row: MailMessage, content: Content, uploads: list[Upload]) -> None:
    """Store files of a message under its key; the caller seals the content. MAILBOX_MOST_BYTES limits all together."""
    sealer = _sealer_of_files(row, content)
    for upload in uploads:
        file = store_case_file(
            BytesIO(upload.content),
            client_id=row.client_id,
            case=row.pk,
            most_bytes=len(upload.content),
            sealer=sealer,
            at=row.received_at,
        )
        content.files.append(KeptFile(file.pk, upload.name, upload.kind, len(upload.content)))
    row.files = len(content.files)


def seal_content(row: MailMessage, content: Content, *, request: RightsRequest | None) -> None:
    """Seal the content under the request's key, or without one under a new key of the message. Raises CannotOpen."""
    text = msgspec.json.encode(content).decode()
    if request is not None:
        row.content = seal_text(request, text, row=row, field="content")
        return
    sealer, row.epoch, row.wrapped = wrap_new_key(row.client_id, row.pk)
    row.content = sealer.seal(text, column=_COLUMN)


def open_content(row: MailMessage) -> Content:
    """Return the content of a message. Raises CannotOpen if its key, or its request's, is destroyed."""
    if row.content is None:
        raise CannotOpen("The message has no content.")
    if row.request is not None:
        text = open_text(row.request, row=row, field="content")
    else:
        text = Sealer.of_row(row).open(row.content, column=_COLUMN)
    return msgspec.json.decode(text, type=Content)


def open_file(row: MailMessage, content: Content, kept: KeptFile) -> bytes:
    """Return the bytes of a file of a message. Raises CannotOpen, SealedFile.DoesNotExist."""
    file = SealedFile.objects.get(pk=kept.id, client_id=row.client_id, package=row.pk)
    return b"".join(iterate_file(file, sealer=_sealer_of_files(row, content)))


def _sealer_of_files(row: MailMessage, content: Content) -> Sealer:
    return Sealer(row.client_id, row.pk, base64.b64decode(content.files_key))


def _open(name: str) -> Source:
    def read(row: MailMessage, _reader: Reader) -> Value:
        if row.content is None or row.request is None or row.request.wrapped is None:
            return None
        email = open_content(row).mail
        return None if email is None else getattr(email, name) or None

    return read


_EMAILS = Copied(
    "support_emails",
    _("Emails about your requests"),
    "number=request__number direction state subject text files received_at",
    of=OF_REQUEST,
    read={"subject": _open("subject"), "text": _open("text")},
    category="support_communications",
)


def list_mailbox_sections() -> Sequence[Section]:
    """List the section of emails; files are counted, and staff hand them over on request."""
    return (_EMAILS.make_section(MailMessage),)
