"""Densities of images, their scale in a class, and the outliers judged from them."""
