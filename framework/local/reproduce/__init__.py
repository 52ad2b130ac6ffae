"""Does tasks of a run once more, with the code, the tables and the model that they had, and compares what comes out."""
