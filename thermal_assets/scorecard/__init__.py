"""The scorecard: quality measures of the data set in the terms of ISO/IEC 5259-2, and one figure over them."""
