"""Services of rectifications, one for each act."""
