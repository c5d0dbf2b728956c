"""How far long background acts are that have no row of their own to say so."""
