"""Argon2 as in production, at the least cost that it accepts: most tests that sign a user in are not about hashing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The same algorithm and form, a thousandth of the work."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
