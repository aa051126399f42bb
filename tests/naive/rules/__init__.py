"""The rules of the market as tables that a trader can read, for any engine to be held to."""
