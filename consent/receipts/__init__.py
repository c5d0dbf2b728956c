"""Receipts and evidence bundles of consents."""
