"""The WSGI entry point; it refuses to serve what would not be safe."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

from paktaleem.startup import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")

django = get_wsgi_application()

from paktaleem.bodies import WholeBodies  # noqa: E402 -- needs the apps to be ready
from paktaleem.express import Express  # noqa: E402 -- as above

application = WholeBodies(Express(django))
refuse_unsafe_start()
connection.close()  # it was this thread's; requests have their own
