"""`nst bench`: what an iteration costs here, beside the loops that people write themselves.

Read `report` first: what is measured. Then `rows` and `task` (who computes, and what), and `measure`.
"""
