"""The kinds of background runs of importing and exporting."""

from campaigns.runs import RunKind, register_kind


def register() -> None:
    """Make them known."""
    register_kind(RunKind(name="import", execute="campaigns.services.server_folders.execute_import", resumable=True))
    register_kind(RunKind(name="prepare", execute="campaigns.services.preparing.execute_prepare", resumable=True))
    register_kind(RunKind(name="measure", execute="campaigns.services.measuring.execute_measure", resumable=True))
    register_kind(RunKind(name="labeling", execute="campaigns.services.labelings.execute_labeling", resumable=True))
    register_kind(RunKind(name="export", execute="campaigns.services.exporting.execute_export", resumable=True))
