"""Console pages of collections, holdings and incidents."""

from retention.holdings.admin import dashboard, flagged, holdings, incidents, quarantines
