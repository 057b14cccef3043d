"""The program `undertone`, as a Python package carries it.

`undertone.spark` runs it in the tasks of an Apache Spark job. This module only finds the program.
"""

import os
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

__all__ = ["__version__", "program"]

try:
    __version__ = metadata.version("undertone")
except metadata.PackageNotFoundError:
    # A source tree that is not installed.
    __version__ = "0"


def program() -> str:
    """The path of the program that was installed with this package; else the one on PATH.

    Raises FileNotFoundError where there is none.
    """
    name = "undertone.exe" if os.name == "nt" else "undertone"
    beside = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", f"{os.name}_user"),
        Path(sys.executable).parent,
        # `pip install --target`
        Path(__file__).parent.parent / "bin",
    ]
    for folder in beside:
        path = Path(folder) / name
        if os.access(path, os.X_OK):
            return str(path)
    found = shutil.which(name)
    if found is None:
        places = ", ".join(str(folder) for folder in beside)
        raise FileNotFoundError(f"no program {name} in {places} or on PATH: pip install undertone on this machine")
    return found
