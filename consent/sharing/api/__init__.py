"""API operations on disclosures."""
