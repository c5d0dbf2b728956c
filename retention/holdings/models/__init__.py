"""Models of collections, holdings and incidents."""

from retention.holdings.models import flagged, holdings, incidents
