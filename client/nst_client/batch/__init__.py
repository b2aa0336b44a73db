"""`nst batch`: many runs, a journal, an overview."""
