"""Task heads: from features to predictions, and the loss that trains them."""
