"""What may be done on the ground floor; one module per concern, a verb per function."""

from campaigns.services.drafts import write_drafts, write_drafts_bulk

__all__ = ["write_drafts", "write_drafts_bulk"]
