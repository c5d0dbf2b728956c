"""Extension points: an app calls handlers of apps above it without importing them."""
