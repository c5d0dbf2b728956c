"""The end of an agreement: what the client gets back, what is deleted, and the certificate."""
