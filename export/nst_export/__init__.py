"""Turns VGG19 weights and presets into a SavedModel version directory.

Importing the package loads nothing else, so that `nst --help` does not wait for TensorFlow.
"""
