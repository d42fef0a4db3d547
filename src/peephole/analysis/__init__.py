"""What a record says: each file takes a record, or the arrays it needs, and returns a frozen value."""
