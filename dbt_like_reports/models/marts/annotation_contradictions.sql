-- What annotations contradict, by class and kind, beside how many images of the class are annotated at all.
with annotated as (
    select class_name, count(distinct image_id) as images
    from {{ source('warehouse', 'annotations') }}
    group by class_name
)

select
    problems.class_name,
    problems.code,
    problems.field,
    count(*) as contradictions,
    count(distinct problems.image_id) as images,
    coalesce(max(annotated.images), 0)::bigint as annotated_images,
    arg_min(problems.message, problems.subject) as example_message,
    min(problems.subject) as example_subject
from {{ source('warehouse', 'annotation_problems') }} as problems
left join annotated on annotated.class_name = problems.class_name
group by problems.class_name, problems.code, problems.field
