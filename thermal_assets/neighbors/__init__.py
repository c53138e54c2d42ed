"""Exact nearest neighbours in bounded memory.

space       vectors of one metric as operands of a matrix product
bounds      how far computed scores may lie from the true ones
scores      one block of products, and the smallest entries of its rows
distances   distances from differences, and their order when rounding could decide it
search      candidates from the products, certificates, and what happens where one is missing
selection   the first k that count
threads     rows in parallel
copies      rows that have equal vectors
exact       nearest, nearest_between
grouped     neighbours of other sessions, one image a frame
references  frozen references of equal size
"""
