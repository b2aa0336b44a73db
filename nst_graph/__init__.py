"""Neural style transfer as pure TensorFlow: start reading at README.md.

Importing the package loads nothing else, so that a command line can read the presets and limits
without loading TensorFlow.
"""

__version__ = "0.1.0"
