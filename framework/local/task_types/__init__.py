"""The native tasks of the Jobs service, as one attempt's process executes them."""
