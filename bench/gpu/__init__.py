"""All that a GPU is to show, in one call: ``bench/gpu.sh OUT``.

The processes of its stages import this package, too, so nothing is imported here.
"""
