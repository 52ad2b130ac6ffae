"""What one task executes, identical on a cluster, on serverless and locally."""
