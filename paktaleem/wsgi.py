"""WSGI entry point; raises UnsafeStart if it would not be safe to serve."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

from paktaleem.foundation.startup.findings import refuse_unsafe_start
from paktaleem.foundation.startup.parent import end_with_server

end_with_server()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")

django = get_wsgi_application()

from paktaleem.decision_application import DecisionApplication  # noqa: E402 -- as above
from paktaleem.foundation.public.request_bodies import WholeBodies  # noqa: E402 -- needs the apps to be ready

application = WholeBodies(DecisionApplication(django))
refuse_unsafe_start()
connection.close()  # requests open their own
