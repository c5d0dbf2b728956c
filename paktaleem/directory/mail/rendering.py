"""Rendering of messages: a template in the recipient's language, with the subject as first line."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.template import Context
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import Sealed, Sealer

RIGHT_TO_LEFT = frozenset({"ur"})
_SUFFIX = {Channel.MAIL: "txt", Channel.TEXT: "text"}


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A rendered message; ``subject`` is empty for a text message, ``template`` is the SHA-256 of the template."""

    subject: str
    text: str
    language: str
    template: str

    @property
    def html(self) -> str:
        """Return the text as HTML with language and direction, which mail programs guess wrongly of plain text."""
        direction = "rtl" if self.language in RIGHT_TO_LEFT else "ltr"
        blocks = [_render_paragraph(block) for block in self.text.split("\n\n") if block.strip()]
        return format_html(
            '<!doctype html>\n<html lang="{}" dir="{}"><head><meta charset="utf-8"><title>{}</title></head>\n'
            "<body>\n{}\n</body></html>\n",
            self.language,
            direction,
            self.subject,
            mark_safe("\n".join(blocks)),  # noqa: S308 -- each paragraph is escaped
        )


GAP = "[…"
"""The beginning of a gap in a draft: what staff still write or translate. A text with a gap is not sent."""


def require_complete(field: str, text: str) -> None:
    """Require a text without gaps. Raises ValidationError naming the field."""
    if GAP in text:
        words = _("Something is missing or not translated: replace every {gap}.").format(gap=f"{GAP}]")
        raise ValidationError({field: [words]})


def render(kind: str, *, language: str, channel: Channel | str, values: Mapping[str, Any]) -> RenderedMessage:
    """Render the template of a message kind. Raises TemplateDoesNotExist."""
    found: Any = get_template(f"mail/{kind}.{language}.{_SUFFIX[Channel(channel)]}")
    template = found.template
    rendered = template.render(Context(dict(values), autoescape=False)).strip()
    digest = hashlib.sha256(Path(template.origin.name).read_bytes()).hexdigest()
    if channel == Channel.TEXT:
        return RenderedMessage("", rendered, language, digest)
    subject, _, text = rendered.partition("\n")
    return RenderedMessage(" ".join(subject.split()), text.strip() + "\n", language, digest)


def _render_paragraph(block: str) -> SafeString:
    lines = [
        format_html('<a href="{0}" dir="ltr">{0}</a>' if line.startswith(("https://", "http://")) else "{}", line)
        for line in block.splitlines()
    ]
    return format_html("<p>{}</p>", mark_safe("<br>\n".join(lines)))  # noqa: S308 -- escaped line by line


_COLUMN = "mail_letter.context"
_EPOCH_BYTES = 4


def encrypt_context(letter: Letter, text: str) -> Sealed:
    """Encrypt a message's variables. Raises KeyDestroyed for an erased person."""
    if letter.subject is not None:
        return sealer_of(letter.subject).seal(text, column=_COLUMN)
    if letter.to_address:
        return Sealer.of_row(letter).seal(text, column=_COLUMN)
    epoch, wrapped = keyring().wrap(text.encode(), binding=_binding(letter))
    return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)


def decrypt_context(letter: Letter) -> str:
    """Decrypt a message's variables. Raises KeyDestroyed for an erased person, CannotOpen, KeyError, InvalidTag."""
    if letter.context is None:
        return "{}"
    if letter.subject is not None:
        return sealer_of(letter.subject).open(letter.context, column=_COLUMN)
    if letter.to_address:
        return Sealer.of_row(letter).open(letter.context, column=_COLUMN)
    blob = letter.context.ciphertext
    epoch = int.from_bytes(blob[:_EPOCH_BYTES])
    return keyring().unwrap(blob[_EPOCH_BYTES:], epoch=epoch, binding=_binding(letter)).decode()


def _binding(letter: Letter) -> bytes:
    return b"letter/" + letter.client_id.bytes + letter.id.bytes
