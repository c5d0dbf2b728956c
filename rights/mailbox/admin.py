"""The mailbox in the console."""

from datetime import datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import moment, render_state, state_column
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import FormData, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.requests import by_user
from paktaleem.foundation.console.row_actions import RowAction, act_page, show_revealed
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox import services
from rights.mailbox.contents import Content
from rights.mailbox.models import MailboxCheck, MailMessage, MessageState
from rights.mailbox.rules import read_results
from rights.mailbox.services import MOST_MESSAGES, list_messages_of, read_messages_of_request
from rights.requests.admin.acts import OfRequestAdmin, add_request_act, request_panels
from rights.requests.models import RightsRequest

_TONES = {MessageState.ASIDE: "warn", MessageState.UNREADABLE: "bad"}


def describe_content(content: Content) -> list[tuple[str, str]]:
    """Return what a message says, as labels and texts; the results of our mail server are information only."""
    mail = content.mail
    files = "\n".join(f"{one.name or '—'} ({filesizeformat(one.size)})" for one in content.files)
    if mail is None:
        unread = gettext("It could not be read. Download it as a file.")
        return [(gettext("Message"), unread), (gettext("Files"), files)]
    shown = [
        (gettext("From, not verified"), mail.sender_line),
        (gettext("Subject"), mail.subject),
        (gettext("Text"), mail.text),
        (gettext("Files"), files),
    ]
    if mail.reply_to:
        shown.insert(1, (gettext("Asks for replies to, ignored"), mail.reply_to))
    if results := read_results(mail.results, our_id=settings.MAILBOX_AUTHSERV):
        shown.insert(1, (gettext("Checked by our mail server"), ", ".join(results)))
    if content.is_cut or mail.cut:
        shown.append((gettext("Left out"), gettext("It was too large: some of it is only in the file message.eml.")))
    return shown


def _read(row: MailMessage, given: FormData, request: HttpRequest) -> HttpResponse:
    content = services.read_message(row, reason=given["reason"], **by_user(request))
    return show_revealed(request, row, gettext("Text of the message"), describe_content(content))


def _take_file(row: MailMessage, given: FormData, request: HttpRequest) -> HttpResponse:
    found = services.take_file(row, file=given["file"], reason=given["reason"], **by_user(request))
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=found.name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(found.content, content_type="application/octet-stream", headers=headers)


class FileForm(RowActionForm):
    """The file to be downloaded; its name is shown when the message is read."""

    file = forms.TypedChoiceField(label=_("File"), coerce=UUID, widget=forms.RadioSelect)

    def prepare(self) -> None:
        sizes, label = services.list_file_sizes(self.row), gettext("File {number}, {size}").format
        labels = [label(number=number, size=filesizeformat(size)) for number, (_pk, size) in enumerate(sizes, start=1)]
        set_choices(self, "file", [(str(pk), text) for (pk, _size), text in zip(sizes, labels, strict=True)])


_DELETED: dict[type[Exception], str] = {CannotOpen: "The content of this message has been deleted."}


@admin.register(MailMessage, site=site)
class MailMessageAdmin(SortByWaitingTime, OfRequestAdmin[MailMessage]):
    view_capability = Capability.VIEW_RIGHTS_REQUESTS
    ledger_families = ("message",)
    list_display = ("received_at", "direction", "standing", "of_request", "files", "owner")
    list_filter = (ProgressFilter, "state", "client")
    exported = "request=request__number direction state aside_reason files size received_at settled_at"
    longest_first = {"open": "received_at"}
    detail_fields = (*list_display[:3], "aside_reason", "of_request", "size", "files", "settled_at")
    intro = "Emails to the support address and the acknowledgements. An email never proves who wrote it."
    empty_text = "No message has been received."
    standing = state_column(lambda row: render_state(row.get_state_display(), _TONES.get(row.state, "calm")))
    acts = (
        act_page(services.read_message, respond=_read, refusals=_DELETED),
        act_page(services.take_file, form=FileForm, respond=_take_file, refusals=_DELETED),
        act_page(services.make_request_of_message, refusals=_DELETED),
        services.settle_message,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailMessage]:
        found = super().get_queryset(request).select_related("request")
        return found.defer("content", "request__details", "request__contact", "request__answer")


type _Line = tuple[datetime, str, int, str, MailMessage | Letter]


@request_panels.connect
def show_messages(_request: HttpRequest, row: RightsRequest) -> dict[str, object]:
    letters = Letter.objects.filter(client_id=row.client_id, related_id=row.pk, user=None)
    sent = letters.defer("context", "address").order_by("queued_at", "pk")
    received, sent = list_messages_of(row)[: MOST_MESSAGES + 1], sent[: MOST_MESSAGES + 1]
    words = gettext("Received")
    found: list[_Line] = [(one.received_at, words, one.files, "mailbox_mailmessage", one) for one in received]
    found += [(one.queued_at, gettext("Sent"), 0, "mail_letter", one) for one in sent]
    lines = take_first(sorted(found, key=lambda line: line[0]), MOST_MESSAGES).map(_describe_line)
    return {"template": "console/panels/mail_messages.html", "lines": lines}


def _describe_line(line: _Line) -> dict[str, object]:
    at, direction, files, model, row = line
    url = reverse(f"admin:{model}_change", args=[row.pk], current_app=site.name)
    return {"at": at, "direction": direction, "what": row.get_state_display(), "files": files, "url": url}


def _read_messages(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse:
    found = read_messages_of_request(row, reason=given["reason"], **by_user(request))
    shown = found.with_rows(
        (f"{moment(message.received_at)} · {label}", text)
        for message, content in found
        for label, text in describe_content(content)
    )
    return show_revealed(request, row, gettext("Messages of the request"), shown)


add_request_act(
    RowAction(
        "messages",
        "Read messages",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _read_messages,
        lead="Shows the emails about this request. It is not verified who wrote them. Your access is recorded with "
        "your name and reason.",
        applies=lambda row, _: row.wrapped is not None and list_messages_of(row).exists(),
        refusals={CannotOpen: "The texts of this request have been deleted."},
    ),
    after="read",
)


@boards.connect
def mailbox_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card for PakTaleem's officers if the mailbox cannot be read; one query if one is configured."""
    if actor.client_id is not None or not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:mailbox_mailmessage_changelist", current_app=site.name)
    check = MailboxCheck.objects.filter(client_id=PAKTALEEM).first() if settings.MAILBOX_HOST else None
    if check is not None and (since := check.stuck_since(at)) is not None:
        note = gettext("{error}; since {time}").format(error=check.get_error_display() or "—", time=moment(since))
        return [Card(gettext("Mailbox"), gettext("Cannot be read"), note, url, Severity.URGENT)]
    return []
