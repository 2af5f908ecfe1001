"""The search for a recipe's setting, as a trial of its own before those of the seeds."""
