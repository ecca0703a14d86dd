"""What the queue calls, by dotted path."""

from campaigns import runs
from campaigns.supervision import supervise


def supervise_run(run_id: int) -> None:
    """Execute a run if it still waits."""
    run = runs.claim_run(run_id)
    if run is not None:
        supervise(run)


def sweep_runs() -> int:
    """Recover the runs of vanished workers."""
    return runs.sweep_runs()
