"""What the project measures about itself, each against a peer or a limit of the same run."""
