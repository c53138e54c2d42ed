"""What leaves a home: lists, weights, splits and formats of other tools; and splits that others made, audited.

published     the published copy, opened for reading
decisions     keep, review or drop, with reasons and findings
groups        images that may not be divided: one session, one frame, copies, near copies
splits        whole groups to train, validation and test, classes in proportion
weights       class weights
lists         the lists as Parquet and CSV
coco, label_studio, fiftyone, image_folder   formats of other tools
names         from image_id to what other tools call a file
readme        the page that explains what lies beside it
directory     a folder that is there whole or not at all
export        all of it in one call
delivered     a split that somebody made: file, folder or COCO
leakage       what its parts share
inflation     how much a score on it is too good
audit         all of it in one call
audit_report  an audit as text, CSV, JSON or a page
atlas         one table for an interactive map
"""
