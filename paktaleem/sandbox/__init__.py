"""A playground for those who connect: a client of its own, whose clock, states and rows may be played with."""
