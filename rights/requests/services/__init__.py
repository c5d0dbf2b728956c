"""Services of rights requests, one for each act."""
