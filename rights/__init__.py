"""The rights of data subjects (policy §9): requests, the mailbox, packages, erasures and corrections.

From above: desk, mailbox, complaints, guardian_requests, packages, erasures, rectifications, channels, requests,
limits.
"""
