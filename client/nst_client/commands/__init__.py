"""The commands of `nst`: parse, call, print."""
