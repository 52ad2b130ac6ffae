"""ResolvedPipeline → Bundle, a value; and the Bundle written as files. The same input gives the same bytes."""
