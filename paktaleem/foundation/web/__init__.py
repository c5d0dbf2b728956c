"""Public pages, the API toolkit and outbound HTTP."""
