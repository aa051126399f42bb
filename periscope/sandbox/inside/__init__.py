"""What runs in the strategy's own process: the wire, the loader, the event factory and the host of the user's code.

This package imports the standard library, msgspec and `libs`, and nothing else: inside the process it is mounted under
its own name, and `periscope` cannot be imported there. Hence the relative imports.
"""
