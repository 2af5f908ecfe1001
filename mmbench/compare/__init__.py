"""Records laid side by side: cells, baselines, and who may be called best."""
