"""`nst stylize`: one run from files to files."""
