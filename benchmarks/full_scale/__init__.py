"""The model case at full size: 1,223,849 vectors of 20 classes through the stations of the project.

    python -m benchmarks.full_scale --folder DIR [--images 1223849] [--minutes 30] [--delivery 0.01]

population  how many images each class has, their names, and vectors in clusters as real ones are
preparing   a home whose manifest and L2 embeddings are there, without one image file
stations    what is measured, each in a process of its own, through Dagster
report      time, memory and sizes, added up over all sittings
"""
