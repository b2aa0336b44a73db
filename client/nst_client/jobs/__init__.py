"""One run that survives: its settings, its saved state, and how it ends."""
