"""What every trained model shares: device, batches, the loop, checkpoints, export, and running what was exported."""
