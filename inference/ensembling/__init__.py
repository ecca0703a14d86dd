"""Several models' answers about one image as one answer, in the labels of a campaign. Pure: predictions in, a prediction out.

Whole-image classes are the weighted mean of the mapped probabilities; boxes, outlines, masks and keypoints are fused where they
mean the same thing; areas are voted for, pixel by pixel. A member that does not provide a label has no say about it.
"""

from inference.ensembling.fusing import combine
from inference.ensembling.voices import Ballot, Voice

__all__ = ["Ballot", "Voice", "combine"]
