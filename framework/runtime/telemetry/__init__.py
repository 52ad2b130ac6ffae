"""What is told of an attempt to systems elsewhere: OTLP and OpenLineage."""
