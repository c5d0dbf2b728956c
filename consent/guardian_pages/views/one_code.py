"""One code for one person: the way between their own choices and the page about their children.

A teacher who is also a parent is one person. A session that a code opened is carried over to the other page; it began
when the code was entered, and ends on both pages together. A session without a code, from the learning platform, is
not: the page about children always needs one.
"""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from children.invitations.services.answering import record_guardian_visit
from consent.guardian_pages.views.child_views import own_page
from consent.preference_centre.views import own_choices
from paktaleem.directory.access_links.decorators import Visit
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import set_page_session
from paktaleem.foundation.accounts.requests import as_received, get_client_time
from paktaleem.foundation.public.pages import redirect_to_page

_POST = require_http_methods(["POST"])


@_POST
@own_choices
def open_children(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Open the page about the children of a person who entered a code for their own choices; else ask for one."""
    if not visit.session.channel or visit.is_for_child:
        return redirect_to_page("guardian-start", visit.person.client.code)
    record_guardian_visit(visit.person, get_client_time(request))
    return _carry_over(request, visit, Page.GUARDIAN)


@_POST
@own_page
def open_own_choices(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Open the own choices of a person who entered a code for the page about their children."""
    return _carry_over(request, visit, Page.CHOICES)


def _carry_over(request: HttpRequest, visit: Visit, page: Page) -> HttpResponse:
    response = redirect_to_page(page)
    session = replace(visit.session, page=page.value, acts_for=visit.person.pk)
    set_page_session(response, session, at=as_received(request).received_at)
    return response
