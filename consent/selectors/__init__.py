"""Reading the register, consents and decisions, as far as the one who asks may."""
