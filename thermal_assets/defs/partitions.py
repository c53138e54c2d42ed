"""One partition per image class."""

import dagster as dg

CLASS_PARTITIONS_NAME = "image_class"

class_partitions = dg.DynamicPartitionsDefinition(name=CLASS_PARTITIONS_NAME)
