"""Import a whole roster: ``import_roster(roster, client=…, actor=…, at=…)``.

Set-based and all or nothing: people are sealed here in chunks, copied to a temporary table that holds ciphertext only,
and moved into place with their history, keys and evidence by a fixed number of statements.
"""
