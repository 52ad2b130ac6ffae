"""Measures as pure functions: no Spark, no state, numpy imported only when one is called."""
