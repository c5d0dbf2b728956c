"""The callback endpoint to which providers send the results of checks."""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from children.guardians.providers import NotSigned, ProviderUnknown
from children.guardians.services.checks import CheckUnknown, receive_check_result
from paktaleem.directory.access_links.sessions import client_page
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.clock import client_now, wall_clock_now

MOST_BYTES = 64_000


@csrf_exempt  # authenticated by the signature, not by a cookie
@require_POST
@client_page
def answer_check(request: HttpRequest, client_id: UUID, provider: str) -> HttpResponse:
    """Record a provider's result and return 204; return 404 if it is not signed, unknown, or too large."""
    try:
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            raise Http404
        receive_check_result(
            client_id, provider, request.body, request.headers, arrived_at=wall_clock_now(), at=client_now()
        )
    except (ProviderUnknown, NotSigned, CheckUnknown, AlreadyErased, ValueError) as error:
        raise Http404 from error
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
