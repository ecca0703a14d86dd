"""A model to take along: an archive with its weights and a server in plain Python that answers the predict API without Winnow.

``engine`` and ``server`` run in the archive, beside copies of the pure modules that they import; ``archive`` makes it.
"""
