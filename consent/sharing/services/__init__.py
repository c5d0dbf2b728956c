"""Services of sharing."""
