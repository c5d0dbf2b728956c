"""Services of consents."""
