"""`nst verify`: questions to a version on disk, each with a yes, a no and why, or why it does not apply.

Read `questions` first. Those that need no TensorFlow are asked first.
"""
