"""Models of register."""

from consent.register.models import agreements, capacities, purposes, safeguards, widenings
