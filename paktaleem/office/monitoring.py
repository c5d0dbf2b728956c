"""``/metrics``: the numbers for Prometheus, closed unless a token is configured."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.foundation.accounts.middleware import bearer_token
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.metrics.exposition import CONTENT_TYPE, render_metrics


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to the holder of METRICS_TOKEN (``Authorization: Bearer …``); 401 without it.

    Raises Http404 if no token is configured.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(bearer_token(request), settings.METRICS_TOKEN):
        response = HttpResponse("Send Authorization: Bearer METRICS_TOKEN.", status=401, content_type="text/plain")
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(render_metrics(wall_clock_now()), content_type=CONTENT_TYPE)
