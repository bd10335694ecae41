"""Every rewrite that is live as a small experiment of its own: on trial, promoted, rolled back."""
