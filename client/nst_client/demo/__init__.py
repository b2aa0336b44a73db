"""`nst demo`, and the sample pair that it draws."""
