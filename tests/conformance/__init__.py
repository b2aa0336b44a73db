"""A package, so that pytest ends the fixtures of its scope behind the last test of this folder."""
