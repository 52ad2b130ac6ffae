"""What is remembered of code, runs, releases and deployments: values with their readers and writers."""
