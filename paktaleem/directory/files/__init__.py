"""Files about people: encrypted chunks in PostgreSQL, limited in size."""
