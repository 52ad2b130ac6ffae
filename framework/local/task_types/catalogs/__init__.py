"""Names of other catalogs, in SQL text and in calls of the session, as names in the one local catalog."""
