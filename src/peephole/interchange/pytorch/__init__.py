"""PyTorch's files and modules, read as data, and its state_dicts."""
