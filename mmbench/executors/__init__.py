"""Where trials are run. An executor takes a trial and its folder and gives the record back."""
