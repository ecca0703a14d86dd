"""How good a model's answers are: pure functions from answers and truth to figures, curves, intervals and sentences of help.

numpy alone: no database, no network, no torch.
"""
