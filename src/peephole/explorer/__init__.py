"""The explorer: a run's traces in a browser, served to this machine alone."""
