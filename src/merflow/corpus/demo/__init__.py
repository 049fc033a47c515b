"""A generated, seeded, licence-free corpus of drawn talking heads with synthetic speech."""
