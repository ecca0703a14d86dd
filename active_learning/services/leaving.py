"""Clear away what a removed campaign leaves: maps, suggestions, statistics, unfinished trainings, and spaces that nobody else looks at."""

from __future__ import annotations

import shutil

from active_learning.models import ImageSpace, TrainingRun
from active_learning.services.agreements import answers_path
from active_learning.services.choosing_backbone import forget_space
from active_learning.services.evidence import forget_removed
from active_learning.services.mapping_out import map_path
from active_learning.services.suggesting import suggestions_path
from active_learning.services.training import training_folder
from campaigns.leaving import Clearing
from campaigns.models import Campaign


def leave(campaign: Campaign) -> Clearing:
    """Return what removes the files of a campaign once it is gone; its models and their checkpoints stay, others may use them."""
    spaces = list(ImageSpace.objects.filter(campaign=campaign))
    trainings = list(TrainingRun.objects.filter(run__campaign=campaign).values_list("run_id", flat=True))
    files = [map_path(campaign), suggestions_path(campaign), answers_path(campaign)]

    def clear() -> None:
        for file in files:
            file.unlink(missing_ok=True)
        for space in spaces:
            forget_space(space)
        for run in trainings:
            shutil.rmtree(training_folder(run), ignore_errors=True)
        forget_removed()

    return clear
