"""Which images are worth labeling next: pure functions over arrays.

A strategy turns an ``AcquisitionInput`` (what is known of the pool) into a ``Ranking`` (who is asked first, and why).
Higher scores are asked sooner, always; randomness comes in as a generator, so the same inputs give the same ranking;
NaN is refused, never replaced.

    values       AcquisitionInput and Ranking, which check themselves
    scores       uncertainty of a classification: entropy, margin, least confidence
    diversity    coverage: unit rows, block k-center, near duplicates
    clustering   k-means made of matrix products
    typicality   TypiClust
    herding      MaxHerding and UHerding
    reasons      one sentence per image: why it is asked
    pool         what strategies look up in their input
    disagreement draws of a head and committees of models
    badge        BADGE; covering: ProbCover; detection: PPAL; segmentation: patches label by label
    ranks        how each strategy ranks
    strategies   the registry
    weighing     cost, balance and duplicates, with any strategy
    audit        a random slice in a round, by which it can be judged
"""
