select
    class_name,
    object_code,
    state,
    pair,
    file_count,
    image_count
from {{ source('warehouse', 'classes') }}
