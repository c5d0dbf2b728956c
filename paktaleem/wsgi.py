"""The WSGI entry point; it refuses to serve what would not be safe."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

from paktaleem.foundation.startup.findings import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")

django = get_wsgi_application()

from paktaleem.decision_application import Express  # noqa: E402 -- needs the apps to be ready

application = Express(django)
refuse_unsafe_start()
connection.close()  # it was this thread's; requests have their own
