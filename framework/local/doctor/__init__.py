"""Whether this machine has what a local run and a deployment need."""
