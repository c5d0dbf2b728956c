"""The public pages of consents."""
