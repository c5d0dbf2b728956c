"""Services of erasures, one for each act."""
