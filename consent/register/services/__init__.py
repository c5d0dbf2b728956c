"""Services of register."""
