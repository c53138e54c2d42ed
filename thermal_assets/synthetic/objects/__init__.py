"""The ten objects of the sample data set: each draws itself onto a canvas of temperatures."""
