"""The register: purposes, lawful bases, agreements, instructions, recipients."""
