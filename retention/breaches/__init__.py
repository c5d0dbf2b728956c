"""The register of personal-data breaches (GDPR Art. 33 and 34)."""
