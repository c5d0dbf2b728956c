"""The description of an email that its parser returns. Pure."""

import msgspec


class ParsedAttachment(msgspec.Struct, frozen=True):
    """An attachment: the name and type that the sender claims, and its size in bytes."""

    name: str
    kind: str
    size: int


class ParsedMail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One email as the sender wrote it; nothing in it is proof of anything.

    ``senders`` counts the From headers; ``sender`` is the one address in a single From, otherwise empty. ``recipients``
    counts those in To and Cc. ``tokens`` may name cases. ``return_path`` is None without the header. ``results`` are
    the Authentication-Results headers, topmost first. ``cut`` names what exceeded a limit and was left out.
    """

    senders: int
    sender: str
    sender_line: str
    reply_to: str
    recipients: int
    tokens: list[str]
    subject: str
    sent_at: str
    message_id: str
    references: list[str]
    return_path: str | None
    content_type: str
    automatic: dict[str, str]
    results: list[str]
    text: str
    cut: list[str]
    attachments: list[ParsedAttachment]
