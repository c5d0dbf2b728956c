"""How a public page is rendered: one base, two languages, nothing kept by anybody on the way."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.public.language import LANGUAGE_PARAMETER
from paktaleem.tenancy.context import is_in_sandbox

__all__ = ["LanguageLink", "error_page", "page_address", "public_page", "redirect_to_page"]

type Words = str | Promise

SHARED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The way to the same page in a language."""

    code: str
    name: str
    url: str
    is_current: bool


def public_page(
    request: HttpRequest, template: str, *, status: int = 200, same_for_all: bool = False, **values: Any
) -> HttpResponse:
    """Render a page on ``public/base.html`` in the language of the request; within a sandbox it says that it is one.

    What is about one person is stored by no cache; ``same_for_all`` lets everyone's keep it for five minutes.
    """
    html = render_to_string(template, {**_around(request.GET.copy()), **values}, request)
    return _answer(html, status, f"public, max-age={SHARED_SECONDS}" if same_for_all else "no-store")


def page_address(name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of a page, by the name of its route, in the language being shown."""
    return f"{reverse(name, args=args, kwargs=kwargs)}?{urlencode({LANGUAGE_PARAMETER: _current()})}"


def redirect_to_page(name: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """Lead to a page in the language being shown."""
    return HttpResponseRedirect(page_address(name, *args, **kwargs))


def error_page(status: int, *, title: Words | None = None, advice: Words | None = None) -> HttpResponse:
    """Render the page of an error; ``title`` and ``advice`` replace the usual words for its status.

    It asks neither the request nor the database for anything: either may be what is wrong.
    """
    usual_title, usual_advice = _WORDS.get(status, _WORDS[HTTPStatus.INTERNAL_SERVER_ERROR])
    words = {"title": title or usual_title, "advice": advice or usual_advice}
    html = render_to_string("public/error.html", {**_around(None), **words})
    return _answer(html, status, "no-store")


def _around(query: Any) -> dict[str, Any]:
    return {"languages": _links(query), "is_sandbox": is_in_sandbox()}


def _answer(html: str, status: int, cached: str) -> HttpResponse:
    return HttpResponse(html, status=status, headers={"Cache-Control": cached, "Content-Language": _current()})


def _current() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


def _links(query: Any) -> list[LanguageLink]:
    links = []
    for code, name in settings.LANGUAGES:
        if query is None:
            url = f"?{LANGUAGE_PARAMETER}={code}"
        else:
            query[LANGUAGE_PARAMETER] = code
            url = f"?{query.urlencode()}"
        links.append(LanguageLink(code, name, url, code == _current()))
    return links


_TRY_AGAIN = _("Go back and try again.")
_WORDS: dict[int, tuple[Words, Words]] = {
    400: (_("This request is not valid"), _TRY_AGAIN),
    403: (_("Not for you to open"), _("You may not see this page or do this here.")),
    404: (_("Not here"), _("There is no such page, or it is not yours.")),
    405: (_("Not possible this way"), _("This address does not take what was sent. Go back and try again.")),
    408: (_("This took too long"), _("What was sent did not arrive in time. Go back and try again.")),
    411: (_("This request is not valid"), _TRY_AGAIN),
    413: (_("Too much at once"), _("What was sent is too large. Send less, or a smaller file.")),
    429: (_("Too many tries"), _("This was tried too often. Wait a quarter of an hour, then try again.")),
    500: (_("Something went wrong"), _("Nothing was changed. Please try again; if it happens again, tell PakTaleem.")),
    503: (_("Back in a moment"), _("The portal is not ready yet. Please try again in a minute.")),
}
FORM_EXPIRED: tuple[Words, Words] = (
    _("The form has expired"),
    _("Go back, load the page again and send the form once more."),
)
