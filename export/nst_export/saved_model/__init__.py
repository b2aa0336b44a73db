"""What a SavedModel on disk is: everything that this project knows of it, in one package.

`version_folder` (its name and files), `new_version` (writing one whole or not at all), `model_card`, `ops` (walking
its graph), `warmup_records`, `session` (running it), `gpu_kernels`. The last three import TensorFlow's runtime, the
others never do. Importing the package imports none of them.
"""
