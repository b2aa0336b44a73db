"""Trains the weights that this project ships: VGG19's layers taught to give a small trained network's features.

Not part of the product: nothing that is installed imports it, and it needs PyTorch. See README.md beside this file.
"""
