"""ASGI entry point; raises UnsafeStart if it would not be safe to serve."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

from paktaleem.foundation.operations.startup.findings import refuse_unsafe_start
from paktaleem.foundation.operations.startup.parent import end_with_server
from paktaleem.foundation.tenancy.database.waiting import limit_waiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")

django = get_wsgi_application()

from consent.decisions.log import decision_log  # noqa: E402 -- needs the apps to be ready
from paktaleem.foundation.web.public.request_bodies import WholeRequests  # noqa: E402 -- as above
from paktaleem.office.decision_application import DecisionApplication  # noqa: E402 -- as above

refuse_unsafe_start()
connections.close_all()  # the processes that serve are copies of this one


def create_application() -> WholeRequests:
    end_with_server()
    limit_waiting()
    decision_log.start()
    return WholeRequests(DecisionApplication(django), aside={"/healthz"})
