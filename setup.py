"""Wheels hold compiled kernels: what setup.cfg cannot say.

They are plain object files, which neither Python nor Numba need be of some version for: a wheel is
for one platform, and any Python.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from platform import libc_ver

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

COMPILES = all(map(importlib.util.find_spec, ("numba", "numpy")))


class BuildPy(build_py):
    """Compiles kernels beside their copied sources, unless these are used where they lie."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        if not COMPILES:
            print("without Numba, this wheel has no compiled kernels: they are compiled when used")
            return
        top = Path(self.build_lib).resolve()
        folder = top / "bpfast" / "kernels" / "compiled"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(top), *sys.path])}
        for device in ("cpu", "cuda"):  # without numba-cuda, the second says so and ends
            command = [sys.executable, "-m", f"bpfast.kernels.{device}.build", str(folder)]
            subprocess.run(command, env=environment, cwd=top, check=True)


class BdistWheel(bdist_wheel):
    """Names the platform where there are compiled kernels, which call nothing of a system's own."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = not COMPILES

    def get_tag(self) -> tuple[str, str, str]:
        _, _, platform = super().get_tag()
        if libc_ver()[0] == "glibc":
            platform = platform.replace("linux_", "manylinux_2_17_")
        return "py3", "none", platform


setup(cmdclass={"build_py": BuildPy, "bdist_wheel": BdistWheel})
