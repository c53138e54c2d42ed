-- What sets an image aside before training, surest reason first. Every list of images to look at follows this one.
select
    rules.priority,
    rules.decision,
    rules.reason,
    rules.meaning,
    rules.needs_lens
from (
    values
    (1, 'drop', 'cannot be read', 'The file gave no picture (table image_problems tells why).', false),
    (2, 'drop', 'blank picture', 'Every pixel has the same colour: there is nothing to learn from it.', false),
    (
        3, 'drop', 'copy of a picture of its class',
        'Equal bytes or equal pixels as an image of its own class that comes before it; the first of each group stays.',
        false
    ),
    (
        4, 'review', 'one picture under two labels',
        'Equal bytes or equal pixels lie in another class too: at most one of the labels can be right.',
        false
    ),
    (
        5, 'review', 'batch of another class by name and picture',
        'Both the object code in the name and the neighbours in other sessions say that the batch is another class.',
        true
    ),
    (
        6, 'review', 'name says another state than the folder',
        'The state token of the name lies in classes of the other state nearly always (threshold code_purity).',
        false
    ),
    (
        7, 'review', 'annotation names another class',
        'The category of its annotation is another class than the folder, or than the codes of its name.',
        false
    ),
    (
        8, 'review', 'nearly one picture under two labels',
        'An almost equal picture (a near copy) lies in another class.',
        true
    ),
    (
        9, 'review', 'lies among images of another class',
        'Neighbours and a held-out classifier point to another class, of which it is as typical (view suspect_labels).',
        true
    ),
    (
        10, 'review', 'temperature outside its limits',
        'Outside the declared range or a tolerance of the profile by more than the error of the reading.',
        false
    ),
    (
        11, 'review', 'annotation contradicts name or picture',
        'Distance, day, image name, frame or box of its annotation disagree with the name or with the picture.',
        false
    ),
    (
        12, 'review', 'picture unlike its class at its distance',
        'Brightness, contrast, entropy, sharpness or clipping is far from its group (threshold quality_z).',
        false
    ),
    (
        13, 'review', 'lies alone at both levels',
        'Among the least dense images of its class at L2 and at L3 (a budget of max(10, 0.2 %) a class).',
        true
    )
) as rules (priority, decision, reason, meaning, needs_lens)
