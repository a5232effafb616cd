"""Risks of the split, of time and of augmentation, in several spellings each."""

# (fault, key at which it is to be named, plan)
FAULTY: list[tuple[str, str, str]] = [
    # -- the split
    (
        "random_split_of_time_series",
        "split.method",
        """
data: {file: load.csv, timestamp: hour, target: mw}
split: {method: random, test_size: 0.2}
""",
    ),
    (
        "random_split_of_time_series",
        "train_test_split.shuffle",
        """
task: forecast electricity demand for the next day
train_test_split: {test_size: 0.2, shuffle: true}
""",
    ),
    (
        "random_split_of_time_series",
        "cv.type",
        """
forecastHorizon: 24
cv: {type: KFold, n_splits: 5}
""",
    ),
    (
        "split_ignores_groups",
        "split.kind",
        """
data: {path: ecg.csv, group: patient_id, target: rhythm}
split: {kind: stratified, test: 0.2, validation: 0.1}
""",
    ),
    (
        "split_ignores_groups",
        "validation_scheme",
        """
subject_column: subject
validation_scheme: StratifiedKFold
model: random_forest
""",
    ),
    (
        "split_not_stratified",
        "splitting.mode",
        """
task: classification
splitting: {mode: random, val: 0.1, test: 0.1}
""",
    ),
    (
        "split_not_stratified",
        "data.split",
        """
data: {split: random, class_counts: {a: 900, b: 60}, test_size: 0.1}
""",
    ),
    (
        "test_too_small",
        "data.split.test",
        """
data: {rows: 300, split: {kind: stratified, test: 0.1, validation: 0.1}}
""",
    ),
    (
        "test_too_small",
        "test_size",
        """
n_samples: 900
test_size: 25
val_size: 100
""",
    ),
    (
        "no_validation_split",
        "split.kind",
        """
split: {kind: stratified, test: 0.2}
epochs: 60
optimizer: adam
""",
    ),
    (
        "no_validation_split",
        "validation_split",
        """
fit: {epochs: 30}
validation_split: 0.0
""",
    ),
    (
        "no_validation_split",
        "data.split.validation",
        """
data: {split: {kind: random, validation: 0%, test: 20%}}
training: {optimizer: adam, epochs: 30, early_stopping: {patience: 5}}
""",
    ),
    (
        "no_validation_split",
        "evaluation_strategy",
        """
per_device_train_batch_size: 8
num_train_epochs: 4
evaluation_strategy: "no"
""",
    ),
    (
        "single_split_no_interval",
        "evaluation.repeats",
        """
evaluation: {repeats: 1, confidence_interval: none, metric: f1}
split: {test: 0.2, validation: 0.1}
""",
    ),
    (
        "single_split_no_interval",
        "n_seeds",
        """
n_seeds: 1
test_size: 0.2
""",
    ),
    # -- time
    (
        "centred_window_sees_future",
        "features.moving_average.center",
        """
target: price
features: {moving_average: {window: 12, center: true}}
horizon: 1
""",
    ),
    (
        "centred_window_sees_future",
        "smoothing.window_alignment",
        """
time_column: date
smoothing: {kind: rolling median, window_alignment: centred}
""",
    ),
    (
        "centred_window_sees_future",
        "missing_values",
        """
time_column: t
missing_values: bfill
forecast_horizon: 6
""",
    ),
    (
        "target_at_lag_zero",
        "featureLags",
        """
target: demand
featureLags: [0, 1, 7]
horizon: 1
""",
    ),
    (
        "target_at_lag_zero",
        "lags.load",
        """
target: load
lags: {load: "0-24", temperature: [1, 2]}
""",
    ),
    (
        "target_at_lag_zero",
        "features.min_lag",
        """
features: {min_lag: 0, max_lag: 12}
horizon: 1h
""",
    ),
    (
        "feature_not_known_at_prediction_time",
        "features",
        """
target: readmitted
predict_at: admission
features: [age, sex, diagnosis, discharge_disposition, length_of_stay]
""",
    ),
    (
        "feature_not_known_at_prediction_time",
        "data.inputs",
        """
data: {target: churned, inputs: all columns}
prediction_time: first day of the month
""",
    ),
    (
        "feature_not_known_at_prediction_time",
        "inputs",
        """
y: default
inputs: [income, amount, collection_fees, recoveries]
""",
    ),
    (
        "feature_not_known_at_prediction_time",
        "columns",
        """
target: price
columns: [rooms, area, price, district]
""",
    ),
    (
        "target_missing_for_cancelled",
        "target",
        """
file: orders.csv
target: delivery_delay_days
model: {name: LGBMRegressor}
""",
    ),
    (
        "target_missing_for_cancelled",
        "data.label",
        """
data: {path: trains.csv, label: arrival_delay}
metric: mae
""",
    ),
    (
        "season_not_covered",
        "data.test.to",
        """
data: {train: {from: 2023-01-01, to: 2023-08-31}, test: {from: 2023-09-01, to: 2023-12-31}}
""",
    ),
    (
        "season_not_covered",
        "split.test",
        """
split: {kind: time, train: 2022-01..2022-09, test: 2022-10..2022-12}
""",
    ),
    # -- augmentation
    (
        "augmentation_changes_labels",
        "training.augmentation[1].name",
        """
project: reading handwritten letters
training: {augmentation: [{name: shift, amount: 2}, {name: RandomHorizontalFlip, p: 0.5}]}
""",
    ),
    (
        "augmentation_changes_labels",
        "augmentations.vflip",
        """
dataset: svhn
augmentations: {vflip: true, brightness: 0.1}
""",
    ),
    (
        "augmentation_changes_labels",
        "transforms[0]",
        """
task: traffic sign classification
transforms: [RandomHorizontalFlip, ColorJitter]
""",
    ),
    (
        "augmentation_changes_labels",
        "aug.rotate",
        """
title: serial number OCR
aug: {rotate: "+-90 degrees"}
""",
    ),
    (
        "augmentation_changes_labels",
        "augmentation.pitch_shift",
        """
project: speaker identification
augmentation: {pitch_shift: 4, noise: 0.01}
""",
    ),
    (
        "augmentation_changes_labels",
        "text_augmentation[0]",
        """
task: sentiment of product reviews
text_augmentation: [random_deletion, back_translation]
""",
    ),
    (
        "augmentation_changes_labels",
        "augmentation.hue",
        """
classes: [ripe, unripe]
augmentation: {hue: 0.4, horizontal_flip: 0.5}
""",
    ),
    (
        "augmentation_changes_labels",
        "augmentation.transform_masks",
        """
task: road segmentation
augmentation: {horizontal_flip: 0.5, rotation: 15, transform_masks: false}
""",
    ),
    (
        "augmentation_conflicts_with_task",
        "augmentation.horizontalFlip",
        """
targets: [steering_angle, speed]
augmentation: {horizontalFlip: 0.5}
""",
    ),
    (
        "augmentation_conflicts_with_task",
        "transforms[0].name",
        """
tasks: [{name: species}, {name: orientation}]
transforms: [{name: RandomRotation, degrees: 45}]
""",
    ),
    (
        "augmentation_conflicts_with_task",
        "augment.color_jitter",
        """
heads: {shape: 5, colour: 8}
augment: {color_jitter: 0.4}
""",
    ),
    (
        "augmentation_conflicts_with_task",
        "audio_augmentation[1]",
        """
tasks: {instrument: {classes: 10}, tempo: {type: regression}}
audio_augmentation: [gain, time_stretch]
""",
    ),
]
