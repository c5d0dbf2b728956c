"""Models of register."""

from consent.register.models import agreements, assessments, purposes
