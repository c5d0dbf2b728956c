"""A small learning platform that keeps to the portal: the reference client, and what docs/worked-example.md tells.

It knows nothing of the portal's code: a process of its own, a database of its own (SQLite, one file), HTTP between.
"""
