"""Console pages of clients, staff, API keys and the audit ledger."""
