"""Services that record collections, and handle incidents with children's data."""
