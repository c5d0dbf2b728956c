"""Models of the register: purposes and what they name, agreements, and assessments."""

from consent.register.models import agreements, assessments, purposes
