"""Public pages of notices: the version in effect, coming and earlier versions, and comparisons."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from consent.notices.effects import differences
from consent.notices.models import Notice, NoticeVersion
from consent.notices.selectors.notices import (
    EffectiveVersion,
    NoticeUnknown,
    get_notice,
    notice_timeline,
    policy_timeline,
)
from consent.notices.selectors.registers import consent_notices, list_public_purposes, map_category_names
from consent.register.models.purposes import Occasion
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import current_client
from paktaleem.foundation.web.public.pages import public_page

_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["heading", "list", "emphasis"])
_DEEPEST = 6


@lru_cache(maxsize=512)
def render_notice(text: str) -> SafeString:
    """Render a notice's text as HTML; headings start at the second level, and no level is skipped.

    Headings, lists, paragraphs and emphasis only: no HTML, links or images, so that a notice cannot inject content.
    """
    tokens = _MARKDOWN.parse(text)
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            depth = int(token.tag[1])
            above = [*(one for one in above if one < depth), depth]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(len(above) + 1, _DEEPEST)}"
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return SafeString(html)  # safe: the renderer escapes all text, and only the rules above are enabled


type PublicSection = Callable[[Client, datetime, str], dict[str, Any] | None]
"""Takes the client, the time and the language, ``en`` or ``ur``; returns a template and its values, or None."""

public_sections: ExtensionPoint[PublicSection] = ExtensionPoint(
    "consent.public_sections", "Sections of every client's public privacy page, the same for all readers."
)


_CACHE_LIFETIME = timedelta(minutes=5)

type Page = Callable[..., HttpResponse]


def _with_client(page: Page) -> Page:
    """Pass the client named in the URL to the page; unknown clients and notices are 404."""

    @require_safe
    @wraps(page)
    def view(request: HttpRequest, client: str = "paktaleem", **parts: Any) -> HttpResponse:
        client_id = current_client()
        found = Client.objects.filter(pk=client_id, code=client).first() if client_id else None
        if found is None:
            raise Http404
        try:
            with timezone.override(ZoneInfo(found.time_zone)):
                return page(request, found, **parts)
        except NoticeUnknown as unknown:
            raise Http404 from unknown

    return view


@_with_client
def show_policy(request: HttpRequest, client: Client) -> HttpResponse:
    return _render_text(request, client, policy_timeline(client), main=True)


@_with_client
def show_child_text(request: HttpRequest, client: Client) -> HttpResponse:
    return _render_text(request, client, policy_timeline(client), for_children=True)


@_with_client
def show_notice(request: HttpRequest, client: Client, code: str) -> HttpResponse:
    return _render_text(request, client, notice_timeline(client, get_notice(client, code)))


@_with_client
def show_version(request: HttpRequest, client: Client, version: UUID) -> HttpResponse:
    """Show one version of any notice at the client: an earlier one, the one in effect, or a coming one."""
    timeline, placed = _get_version(client, version)
    return _render_text(request, client, timeline, placed=placed)


@_with_client
def list_versions(request: HttpRequest, client: Client) -> HttpResponse:
    timeline, at = policy_timeline(client), get_client_time(request)
    rows = [
        {"placed": placed, "state": placed.state(at), "before": _preceding_version(timeline, placed)}
        for placed in reversed(timeline)
    ]
    title = _("Versions of this text")
    return _render_page(request, "privacy/versions.html", client, timeline, title=title, rows=rows)


@_with_client
def compare_versions(request: HttpRequest, client: Client) -> HttpResponse:
    """Compare two versions of one notice; by default the latest change of the policy."""
    ids = [_parse_uuid(request.GET.get(name)) for name in ("from", "to")]
    timeline = (
        _get_version(client, next(one for one in ids if one is not None))[0] if any(ids) else policy_timeline(client)
    )
    known = {placed.version.pk: placed for placed in timeline}
    newer = known.get(ids[1]) if ids[1] else timeline[-1] if timeline else None
    older = known.get(ids[0]) if ids[0] else _preceding_version(timeline, newer)
    if newer is None or older is None:
        raise Http404
    language = _language()
    values = {
        "title": _("What changes"),
        "older": older,
        "newer": newer,
        "blocks": differences(older.version.text(language), newer.version.text(language)),
        "notice_title": _title(newer.version.notice),
    }
    return _render_page(request, "privacy/compare.html", client, timeline, **values)


def _preceding_version(
    timeline: Sequence[EffectiveVersion], placed: EffectiveVersion | None
) -> EffectiveVersion | None:
    position = timeline.index(placed) if placed in timeline else 0
    return timeline[position - 1] if position > 0 else None


def _parse_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Http404 from error


def _get_version(client: Client, version: UUID) -> tuple[list[EffectiveVersion], EffectiveVersion]:
    """Return a version that has or will have effect at the client, with its timeline. Raises Http404."""
    row = get_object_or_404(NoticeVersion.objects.select_related("notice"), pk=version)
    timeline = policy_timeline(client) if row.notice.is_policy else notice_timeline(client, row.notice)
    for placed in timeline:
        if placed.version.pk == version:
            return timeline, placed
    raise Http404


def _render_text(
    request: HttpRequest,
    client: Client,
    timeline: Sequence[EffectiveVersion],
    *,
    placed: EffectiveVersion | None = None,
    for_children: bool = False,
    main: bool = False,
) -> HttpResponse:
    at, language = get_client_time(request), _language()
    come = [one for one in timeline if one.effective_at <= at]
    if not come and placed is None:
        raise NoticeUnknown
    shown = placed or come[-1]
    words = shown.version.text(language, for_children=for_children)
    if not words:
        raise NoticeUnknown
    return _render_page(
        request,
        "privacy/notice.html",
        client,
        timeline,
        title=_title(shown.version.notice),
        body=render_notice(words),
        shown=shown,
        now=at,
        state=shown.state(at),
        coming=next((one for one in timeline if one.effective_at > at), None) if placed is None else None,
        for_children=for_children,
        has_child_text=bool(shown.version.text(language, for_children=True)) and shown.version.notice.is_policy,
        notices=consent_notices(client, at=at, language=language) if main else [],
        purposes=list_public_purposes(client, at=at, language=language) if main else [],
        occasions=sorted(map_category_names(client.pk, language=language, model=Occasion).values()) if main else [],
        sections=list(filter(None, (section(client, at, language) for section in public_sections if main))),
        is_policy=shown.version.notice.is_policy,
    )


def _render_page(
    request: HttpRequest, template: str, client: Client, timeline: Sequence[EffectiveVersion], **values: Any
) -> HttpResponse:
    """Render a page; it is cacheable unless a version takes effect within the cache lifetime."""
    at = get_client_time(request)
    is_cacheable = not any(at < placed.effective_at <= at + _CACHE_LIFETIME for placed in timeline)
    contact = {"client": client, "support": settings.SUPPORT_ADDRESS}
    return public_page(request, template, same_for_all=is_cacheable, **contact, **values)


def _title(notice: Notice) -> str:
    return notice.title_ur if _language() == "ur" else notice.title_en


def _language() -> str:
    return "ur" if (translation.get_language() or "").startswith("ur") else "en"
