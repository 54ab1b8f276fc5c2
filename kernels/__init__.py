"""Kernels: scalar formulas, the NumPy reference, and one package per device.

Kernels know arrays, never users: they import only each other, NumPy, Numba and CuPy.
"""
