"""Shim until the import service lands."""


def import_files(**kwargs: object) -> None:
    raise NotImplementedError
