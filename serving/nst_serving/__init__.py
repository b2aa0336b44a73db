"""A server that speaks TensorFlow Serving's protocol, for where TensorFlow Serving itself is not at hand.

Importing the package loads nothing else, so that `nst --help` does not wait for TensorFlow.
"""
