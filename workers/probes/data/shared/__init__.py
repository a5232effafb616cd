"""What several probes of data stand on: curves, copies, out-of-fold predictions, what a column holds."""
