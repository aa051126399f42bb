"""A second engine: slow, plain, and written from the rules alone, to hold the fast one against."""
