"""Law by country as data: one TOML file per profile, read and checked here (GDPR Art. 24(1)).

``policy.toml`` holds PakTaleem's own promises. They are the floor: where a law is weaker, or silent, the promise
counts. No legal advice: each value cites its source and the day of its last review.
"""
