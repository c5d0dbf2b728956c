"""Services of agreements."""
