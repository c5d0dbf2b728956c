"""WSGI application for the decision endpoints, without the middleware they do not need.

A decision needs no session, language, CSRF token or signed-in user. A POST to one of these paths, for a host in
ALLOWED_HOSTS, passes only the middleware not listed in ``SKIPPED_MIDDLEWARE``; new middleware therefore applies here
too. Django serves all other requests, through the same views.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response, response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.utils.module_loading import import_string

from consent.decisions.api import evaluate, evaluate_many
from paktaleem.foundation.accounts.middleware import EVALUATION, EVALUATIONS, ReceivedRequest, as_received
from paktaleem.foundation.clock import wall_clock_now

VIEWS: dict[str, Callable[[ReceivedRequest], HttpResponse]] = {EVALUATION: evaluate, EVALUATIONS: evaluate_many}

SKIPPED_MIDDLEWARE = frozenset(
    {
        "paktaleem.foundation.operations.logs.RequestLogMiddleware",  # the metrics count decisions
        "whitenoise.middleware.WhiteNoiseMiddleware",  # no static files
        "django.contrib.sessions.middleware.SessionMiddleware",  # authenticated by API key, not by cookie
        "paktaleem.foundation.web.public.pages.LanguageMiddleware",  # answers are codes and English sentences
        "paktaleem.foundation.web.public.errors.BareErrorsMiddleware",  # error responses here have a body
        "django.middleware.common.CommonMiddleware",  # Content-Length and Host are handled below
        "django.middleware.csrf.CsrfViewMiddleware",  # the views are exempt: no cookie authenticates
        "django.contrib.auth.middleware.AuthenticationMiddleware",  # as sessions
        "paktaleem.foundation.accounts.sessions.SessionLifeMiddleware",  # as sessions
        "django.contrib.messages.middleware.MessageMiddleware",  # as sessions
        "allauth.account.middleware.AccountMiddleware",  # no sign-in
        "axes.middleware.AxesMiddleware",  # as above
        "paktaleem.directory.staff.sign_in.evidence.StepUpMiddleware",  # as above
        "paktaleem.foundation.accounts.middleware.RequestContextMiddleware",  # exempts these paths
    }
)

type Environ = dict[str, Any]
type Application = Callable[[Environ, Any], Any]
type Layer = Callable[[HttpRequest], HttpResponse]


class DecisionApplication:
    """WSGI application that serves decisions and delegates all other requests to Django."""

    def __init__(self, django: Application) -> None:
        self._django = django
        needed = [import_string(name) for name in settings.MIDDLEWARE if name not in SKIPPED_MIDDLEWARE]
        self._respond: Layer = reduce(lambda inner, layer: layer(inner), reversed(needed), _answer)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        is_post = environ["REQUEST_METHOD"] == "POST" and not environ.get("SCRIPT_NAME")
        if environ["PATH_INFO"] not in VIEWS or not is_post or not _is_allowed_host(environ.get("HTTP_HOST", "")):
            delegated: Iterable[bytes] = self._django(environ, start_response)
            return delegated
        response = self._to_response(WSGIRequest(environ))
        headers = [*response.items(), ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]

    def _to_response(self, request: HttpRequest) -> HttpResponse:
        received = as_received(request)
        received.received_at = wall_clock_now()
        try:
            return self._respond(received)
        except Exception as error:  # noqa: BLE001 -- converted and logged as Django does
            return response_for_exception(request, error)


_answer: Any = convert_exception_to_response(lambda request: VIEWS[request.path](as_received(request)))
"""Answers inside the middleware, so that an error has the headers of every answer too."""


@lru_cache(maxsize=64)
def _is_allowed_host(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
