"""Runs beside a model and fetches its work from Winnow.

functions   a person's Python file as something that answers about an image
cvat        CVAT's auto-annotation functions, by the names of their members alone
worker      the process that the function runs in, replaced when it dies
api         Winnow's three addresses, asked patiently
main        the command
"""

__version__ = "0.1.0"


class FunctionError(Exception):
    """An error whose text may be shown in Winnow; of every other error only the type is told."""
