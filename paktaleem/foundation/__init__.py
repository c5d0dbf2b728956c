"""Foundation: apps that know no feature.

From above: console, web, upkeep, accounts, encryption, audit, operations, text, tenancy, embedded.
"""
