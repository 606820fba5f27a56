"""How fast the archive is, as ratios to bare baselines measured in the same run: `python -m tests.bench`."""
