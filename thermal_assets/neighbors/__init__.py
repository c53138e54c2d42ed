"""Exact nearest neighbours in bounded memory.

space       vectors of one metric as operands of a matrix product, with bounds of their rounding
scores      one block of products, and the smallest entries of its rows
distances   distances from differences, and their order when rounding could decide it
search      candidates from the products, certificates, and what happens where one is missing
copies      rows that have equal vectors
exact       nearest, nearest_between
grouped     neighbours of other sessions, one image a frame
references  frozen references of equal size
"""
