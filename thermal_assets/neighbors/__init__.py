"""Exact nearest neighbours in bounded memory.

space           vectors of one metric
operands        the same as operands of a matrix product, in 16 or 32 bits
bounds          how far computed scores may lie from the true ones
*_kernels       compiled loops over vectors, scores, differences and lists
arithmetic      products of 16 or of 32 bits, and how many candidates they ask for
self_join       blocks against blocks, each pair's product once
shortlists      the candidates with the smallest scores seen so far, for every query at once
joined_search   all vectors among themselves: a join for nearly all rows, the row search for the rest
query_join      queries against candidates that are others, in one pass
scores          one block of products of a row search, and the smallest entries of its rows
search          the row search: candidates, certificates, and what happens where one is missing
distances       distances from differences, and the order they give
selection       the first k that count
threads         rows in parallel
copies          rows that have equal vectors
exact           nearest, nearest_between
grouped         neighbours of other sessions, one image a frame
grouped_lists   what is wanted of every image, found in lists of candidates
collected       beginnings of lists and their mean distances
list_files      exact lists on disk
incremental     stored lists brought up to date
newcomers       vectors that stored lists have not been compared with, and their way into them
approximate     faiss behind the same interface, with its recall measured
grouped_approximate  the same across sessions, as far as was searched
sample_search   neighbours among a sample of the images only
sample_update   stored lists of such neighbours brought up to date
salted_hash     by which samples are drawn
"""
