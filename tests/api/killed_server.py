"""The served portal with two headers that kill its process before or after the commit.

After the commit it first writes its response to the file ``LOST_ANSWER``.
"""

import os
import signal
from pathlib import Path

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

from paktaleem.foundation.tenancy.database.waiting import limit_waiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
django.setup(set_prefix=False)
settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.DiesBeforeTheCommit"]


class DiesBeforeTheCommit:
    """Innermost middleware: the response is rendered, and the transaction is still open."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if "X-Die-Before-Commit" in request.headers:
            os.kill(os.getpid(), signal.SIGKILL)
        return response


# needs the apps to be ready
portal = import_string("paktaleem.office.decision_application.DecisionApplication")(WSGIHandler())


def create_application():
    """Return the application of one process, as ``paktaleem.asgi`` does."""
    limit_waiting()
    import_string("consent.decisions.log.decision_log").start()
    return import_string("paktaleem.foundation.web.public.request_bodies.WholeRequests")(answer, aside={"/healthz"})


def answer(environ, start_response):
    """Serve one request, or kill the process after the response is complete."""
    response = portal(environ, start_response)
    if "HTTP_X_DIE_AFTER_COMMIT" in environ:
        Path(os.environ["LOST_ANSWER"]).write_bytes(b"".join(response))
        os.kill(os.getpid(), signal.SIGKILL)
    return response
