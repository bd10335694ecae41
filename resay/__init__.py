"""What the stages share, and the front door (`resay.commands`)."""
