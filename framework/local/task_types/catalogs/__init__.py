"""SQL text and calls of the session made for the one local catalog: names of other catalogs, values of parameters."""
