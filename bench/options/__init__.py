"""What each option of a fit costs, beside the plain case and beside the count of its operations."""
