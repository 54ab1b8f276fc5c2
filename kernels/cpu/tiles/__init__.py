"""One network a thread, by register-tiled products of matrices, batch after batch.

Products are those of :mod:`bpfast.kernels.cpu.product`; layers are cut into panels for them.
"""

from .launch import gradients, predict, train
from .layout import SLICE

__all__ = ["SLICE", "gradients", "predict", "train"]
