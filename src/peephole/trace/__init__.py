"""The record of a run: making it, keeping it, and holding parts of a run fixed."""
