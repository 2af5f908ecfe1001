"""Speed alone: one model on synthetic batches that lie on the device, timed without training."""
