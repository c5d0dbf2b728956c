"""The callback endpoint to which providers send the results of checks."""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from children.guardians.providers import NoSuchProvider, NotSigned
from children.guardians.services import CheckUnknown, take_answer
from paktaleem.directory.access_links.visits import at_client
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.clock import now_here, real_now

__all__ = ["answer_check"]

MOST_BYTES = 64_000


@csrf_exempt  # authenticated by the signature, not by a cookie
@require_POST
@at_client
def answer_check(request: HttpRequest, client_id: UUID, provider: str) -> HttpResponse:
    """Record a provider's result and return 204; return 404 if it is not signed, unknown, or too large."""
    try:
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            raise Http404
        take_answer(client_id, provider, request.body, request.headers, arrived_at=real_now(), at=now_here())
    except (NoSuchProvider, NotSigned, CheckUnknown, AlreadyErased, ValueError) as error:
        raise Http404 from error
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
