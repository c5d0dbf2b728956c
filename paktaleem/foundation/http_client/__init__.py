"""What leaves for other people's machines: which addresses, and the one door."""
