"""What checkpoints there are: the list of them, getting them, and trying one out."""
