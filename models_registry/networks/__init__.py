"""Networks of our own: backbones, heads and the files that hold them.

No Django here. ``weights``, ``tensors``, ``store`` and ``heads`` are numpy alone, so that a head on stored embeddings
is trained and asked without importing torch; ``backbones`` and ``classifier`` import torch, and so whoever is part
of the web process imports them inside functions only.
"""
