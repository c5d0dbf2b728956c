"""Where data lies: the systems of a client and of PakTaleem, what they are told, what they must do."""
