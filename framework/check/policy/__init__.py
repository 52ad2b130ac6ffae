"""What ``conf/policy.yml`` demands: one module per theme, one rule per function."""
