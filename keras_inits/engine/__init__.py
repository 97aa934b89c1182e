"""From a seed to numbers: words, quantile tables, and the draws made of them."""
