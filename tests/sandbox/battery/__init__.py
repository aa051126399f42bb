"""The escape battery: what strategy code may not do, tried in every tier and, to see that it can be done, in none."""
