"""Services of exits."""
