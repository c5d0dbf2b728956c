"""Public pages of notices and receipts."""
