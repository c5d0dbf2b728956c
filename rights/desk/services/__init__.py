"""Services of the desk, one for each act."""
