"""Services of the set-up of clients."""
