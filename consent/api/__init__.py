"""The machines' face of the register, of consents and of the decision."""
