"""How the loops of this folder are compiled.

Import the modules ``*_kernels`` where they are used: numba takes half a second to import.
"""

compiled = {"nogil": True, "cache": True, "boundscheck": False}
