"""Pages of the reports in the console."""

from paktaleem.office.reports.admin import digests, samples, trends
