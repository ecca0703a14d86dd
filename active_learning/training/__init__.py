"""Training: from revisions to a checkpoint. No Django here; torch only where a network itself is trained.

``config`` says what is wanted, ``targets`` reads the labels, ``splits`` divides, ``loop`` goes round, ``metrics``
measures, and there is one module per task family (``classification``, ``segmentation`` …), named in ``families``. ``bands``
chooses how rasters are seen; ``label_maps``, ``tiles`` and ``pixel_samples`` make lessons of what was drawn.
"""
