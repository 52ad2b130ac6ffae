"""Weekly demand per product, four weeks ahead."""
