"""Signatures and documents of agreements, contacts of clients, and the duties that clients attest."""
