"""The register in the console: purposes, bases, agreements, recipients."""

from consent.register.admin import assessments, purposes, safeguards
