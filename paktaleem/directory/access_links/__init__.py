"""The way to a page of one's own without an account: a link, then a short-lived code."""
