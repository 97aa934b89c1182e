"""Whole models: the weights of every layer at once."""
