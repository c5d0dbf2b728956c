"""The portal as it is served, but for two headers at which its process is killed: before the commit, or after it.

After the commit it first writes what it would have answered into the file ``LOST_ANSWER``.
"""

import os
import signal
from pathlib import Path

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
django.setup(set_prefix=False)
settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.DiesBeforeTheCommit"]


class DiesBeforeTheCommit:
    """The innermost layer: everything is written and the answer rendered, the transaction is still open."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if "X-Die-Before-Commit" in request.headers:
            os.kill(os.getpid(), signal.SIGKILL)
        return response


short_way = import_string("paktaleem.express.Express")(WSGIHandler())  # needs the apps to be ready
portal = import_string("paktaleem.bodies.WholeBodies")(short_way)


def application(environ, start_response):
    """Answer one request, or die with the answer in hand."""
    response = portal(environ, start_response)
    if "HTTP_X_DIE_AFTER_COMMIT" in environ:
        Path(os.environ["LOST_ANSWER"]).write_bytes(b"".join(response))
        os.kill(os.getpid(), signal.SIGKILL)
    return response
