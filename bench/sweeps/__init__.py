"""Searches, and small work: what people wait for beside kernels."""
