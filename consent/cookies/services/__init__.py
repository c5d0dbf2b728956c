"""Services of cookies and links."""
