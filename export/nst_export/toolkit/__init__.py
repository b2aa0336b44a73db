"""What people do with a SavedModel that exists: look at it, copy it, choose which version is served.

Everything here stands on `nst_export.saved_model` and needs no TensorFlow runtime.
"""
