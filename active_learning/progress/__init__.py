"""How the learning goes: pure functions over measured points, answers and picks.

curves      accuracy by labels as a - b n^-c, with intervals by bootstrap
agreement   how far answers stay the same from one ranking to the next (Cohen's kappa)
audits      where the random picks stand in a ranking, and what they say of the accuracy
advice      a sentence: go on or stop, and why
replay      a labeled campaign asked again by several strategies
"""
