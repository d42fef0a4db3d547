"""The fit: a loop on Lightning Fabric that a learner can read, run folders, sampling.

Knows the data, the networks and nothing above: how a run is shown is the explorer's and the command line's.
"""
