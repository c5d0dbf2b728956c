"""The addresses asked before every use of anybody's data are answered without what they have no use for.

A decision needs no session, language, form token or signed-in user. So for POST to just these addresses, and a host
we serve, a request passes only the layers that are not named in ``NOT_NEEDED``: whoever adds a layer has it here too.
Everything else Django answers as it always has, by the same views.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from typing import Any

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.utils.module_loading import import_string

from consent.decisions.api.evaluation import evaluate, evaluate_many
from paktaleem.foundation.accounts.requests import ReceivedRequest, as_received
from paktaleem.foundation.clock import real_now

__all__ = ["NOT_NEEDED", "Express"]

VIEWS: dict[str, Callable[[ReceivedRequest], HttpResponse]] = {
    "/access/v1/evaluation": evaluate,
    "/access/v1/evaluations": evaluate_many,
}

NOT_NEEDED = frozenset(
    {
        "whitenoise.middleware.WhiteNoiseMiddleware",  # no file is asked for
        "django.contrib.sessions.middleware.SessionMiddleware",  # the key is sent every time, and no cookie
        "paktaleem.foundation.public.language.LanguageMiddleware",  # answers are codes and English sentences
        "paktaleem.foundation.public.bare_errors.BareErrorsMiddleware",  # errors here have a body
        "django.middleware.common.CommonMiddleware",  # Content-Length and the Host header are seen to below
        "django.middleware.csrf.CsrfViewMiddleware",  # the views are exempt: no cookie authenticates
        "django.contrib.auth.middleware.AuthenticationMiddleware",  # as sessions
        "paktaleem.foundation.accounts.sessionlife.SessionLifeMiddleware",  # as sessions
        "django.contrib.messages.middleware.MessageMiddleware",  # as sessions
        "allauth.account.middleware.AccountMiddleware",  # nobody signs in here
        "axes.middleware.AxesMiddleware",  # as above
        "paktaleem.directory.sign_in.middleware.StepUpMiddleware",  # as above
        "paktaleem.foundation.accounts.middleware.RequestContextMiddleware",  # lets these addresses through by name
    }
)

type Environ = dict[str, Any]
type Application = Callable[[Environ, Any], Any]
type Layer = Callable[[HttpRequest], HttpResponse]


class Express:
    """A WSGI application that answers decisions itself and leaves the rest to Django."""

    def __init__(self, django: Application) -> None:
        """Build the short way beside the application that answers everything else."""
        self._django = django
        needed = [import_string(name) for name in settings.MIDDLEWARE if name not in NOT_NEEDED]
        self._answer: Layer = reduce(lambda inner, layer: layer(inner), reversed(needed), _view)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] not in VIEWS or not _is_plain(environ):
            passed_on: Iterable[bytes] = self._django(environ, start_response)
            return passed_on
        response = self._told(WSGIRequest(environ))
        headers = [*response.items(), ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]

    def _told(self, request: HttpRequest) -> HttpResponse:
        received = as_received(request)
        received.received_at = real_now()
        try:
            return self._answer(received)
        except Exception as error:  # noqa: BLE001 -- told and logged as Django does
            return response_for_exception(request, error)


def _view(request: HttpRequest) -> HttpResponse:
    return VIEWS[request.path](as_received(request))


def _is_plain(environ: Environ) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and not environ.get("SCRIPT_NAME")
        and _is_ours(environ.get("HTTP_HOST", ""))
    )


@lru_cache(maxsize=64)
def _is_ours(host: str) -> bool:
    """Say whether a Host header names a host we serve, as Django would."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
