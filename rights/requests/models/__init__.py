"""Models of rights requests."""

from rights.requests.models import limits, requests, timeline
