"""The REST and AuthZEN APIs of the register, consents and decisions."""
