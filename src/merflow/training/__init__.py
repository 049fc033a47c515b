"""What every trained model shares: data, decoders, losses, the engine, scores."""
