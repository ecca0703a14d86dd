"""Which images of a campaign: the filters of the list, of runs, of exports and of saved views, all the same.

A *filter* is an object of flat parameters (``fields``), with ``where`` for and, or and not (``tree``); a *selection* names images
in a request's body: everything, the unlabeled, ids, a filter or a saved view (``selections``).
"""

from campaigns.filters.conditions import Scope, counted_uses, spoken_sets
from campaigns.filters.fields import ImageFilter, checked_filter, filtered
from campaigns.filters.selections import MAX_IDS, Chosen, chosen_images, select_images, selected_ids, settled

__all__ = [
    "MAX_IDS", "Chosen", "ImageFilter", "Scope", "checked_filter", "chosen_images", "counted_uses", "filtered", "select_images",
    "selected_ids", "settled", "spoken_sets",
]  # fmt: skip
