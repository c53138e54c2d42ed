"""Faults of what is in the picture: close-ups, cooled cars, leaks that cannot be seen, cars among people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from thermal_assets.synthetic.catalog import BY_NAME
from thermal_assets.synthetic.planning import Plan, batch_files
from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled
from thermal_assets.synthetic.sessions import Batch, Slot, make_session

CLOSE_UP_SLOT: Slot = (date(2020, 11, 12), "BSN", 13 * 60 + 2, 13 * 60 + 31)
CAR_SLOT: Slot = (date(2021, 2, 5), "CIC", 15 * 60 + 5, 15 * 60 + 13)
CLOSE_UPS, CARS, DRY_LEAKS = 10, 24, 8
LEAST_CARS = 20  # a batch below that is not judged by the findings


def reserve(sizes: dict[str, int], images: int) -> dict[str, int]:
    """How many images of a class the faults with sessions of their own need, by class; 0 where they do not fit."""
    close_ups = CLOSE_UPS if sizes["person_normal"] >= 5 * CLOSE_UPS else 0
    cars = min(CARS, sizes["person_anomaly"] // 4)
    growth = max(1.0, (images / 1600) ** 0.5)
    return {
        "person_normal": round(close_ups * growth),
        "person_anomaly": round(cars * growth) if cars >= LEAST_CARS else 0,
    }


def plant_close_ups(plan: Plan, count: int) -> Plant:
    """Head-and-shoulders pictures from one metre in person_normal."""
    plant = Plant(
        "person_close_ups",
        "One session of person_normal holds close-ups from 1 m (D1): head and shoulders that fill the frame, several times larger than "
        "every other crop of the class.",
        ("class_outliers", "dataset_outliers", "distance_drift"),
        ("session_clump", "outliers_shared", "distance_effect"),
    )
    if not count:
        plant.left_out = "person_normal has too few images"
        return plant
    plan.taken.add(CLOSE_UP_SLOT)
    session = make_session(plan.seed, "close_ups", CLOSE_UP_SLOT, "ironbow")
    batch = Batch(session, 1.0, count)
    plant.files = batch_files(plan.seed, "person_normal", BY_NAME["person"], False, batch, "close_up")
    plan.files["person_normal"] += plant.files
    return plant


def plant_car_batch(plan: Plan, count: int) -> Plant:
    """A batch of cars in the folder of another class."""
    plant = Plant(
        "car_batch_among_people",
        "The batch CAR_AON_21.02.05_CIC_P1505-P1513_D20 lies in the folder person_anomaly: names and pictures say car.",
        ("batch_drift", "label_drift", "label_conflicts"),
        ("label_contamination",),
    )
    if not count:
        plant.left_out = f"person_anomaly has too few images for a batch of {LEAST_CARS}"
        return plant
    plan.taken.add(CAR_SLOT)
    session = make_session(plan.seed, "car_batch", CAR_SLOT, "ironbow")
    plant.files = batch_files(plan.seed, "person_anomaly", BY_NAME["car"], True, Batch(session, 20.0, count))
    plan.files["person_anomaly"] += plant.files
    return plant


def plant_cooled_cars(plan: Plan) -> Plant:
    """Every anomalous car at 25 and 30 m has the temperature of the ground."""
    plant = Plant(
        "cooled_cars",
        "All pictures of car_anomaly from 25 m and 30 m (D25, D30) show cars that have cooled into the background: "
        "hardly any contrast is left, and no fault can be seen.",
        ("distance_groups", "distance_drift", "separation"),
        ("two_normals",),
    )
    plant.files = [file for file in plan.files["car_anomaly"] if file.picture.distance_m in (25.0, 30.0)]
    for file in plant.files:
        file.picture = replace(file.picture, look="cooled")
    if not plant.files:
        plant.left_out = "car_anomaly has no image from 25 m or 30 m"
    return plant


def plant_dry_leaks(pool: Pool) -> Plant:
    """Pipe anomalies without anything anomalous."""
    plan = pool.plan
    plant = Plant(
        "leaks_that_look_normal",
        "Pictures of transport_pipe_anomaly without a leak: they look like those of transport_pipe_normal.",
        ("label_conflicts", "separation"),
        ("label_conflicts",),
    )
    plant.files = pool.take("transport_pipe_anomaly", min(scaled(plan, DRY_LEAKS), pool.room("transport_pipe_anomaly")))
    for file in plant.files:
        file.picture = replace(file.picture, look="dry")
    if not plant.files:
        plant.left_out = "transport_pipe_anomaly has too few images"
    return plant
