"""Services of ends of school years."""
