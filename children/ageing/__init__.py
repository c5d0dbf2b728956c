"""Children who come of age: who and when, and telling them, their guardians and the client in advance."""
