"""Temperatures of images, and the limits that a user states for them."""
