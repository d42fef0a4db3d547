"""Recurrent cells, layers and models, and the contract by which a run is watched."""
