"""Models of consents."""

from consent.consents.models import acknowledgements, consents, evidence
