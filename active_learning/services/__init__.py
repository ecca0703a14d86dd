"""Services of active learning."""
