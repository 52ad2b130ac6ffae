"""JSON Schemas of the files that people write, for their editors: made from the specs, checked in as ``*.json``."""
