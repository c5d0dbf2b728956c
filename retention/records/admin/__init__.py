"""Console pages of the record of processing."""

from retention.records.admin import assessments, dashboard
