"""Children who reach the age of consent, and notices sent in advance."""
