"""Annotations of images: reading AI Hub JSON and COCO, finding the image each belongs to, and checking both."""
