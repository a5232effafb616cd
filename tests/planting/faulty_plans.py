"""Plans with planted risks: (fault, key at which it is to be named, plan). Each risk in several spellings."""

FAULTY: list[tuple[str, str, str]] = [
    # -- preparation that knows the test part
    (
        "preprocessing_fit_on_all_data",
        "preprocessing.scaler.fit_on",
        """
preprocessing: {scaler: {kind: minmax, fit_on: full_dataset}}
model: svm
""",
    ),
    (
        "preprocessing_fit_on_all_data",
        "normalizeBeforeSplit",
        """
modelType: MLPClassifier
normalizeBeforeSplit: true
testSize: 0.2
""",
    ),
    (
        "preprocessing_fit_on_all_data",
        "pipeline[0].fit",
        """
pipeline:
  - {op: SimpleImputer, fit: train+test}
  - {op: StandardScaler, fit: train}
""",
    ),
    (
        "preprocessing_fit_on_all_data",
        "steps[1]",
        """
steps: [load csv, PCA to 20 components, train_test_split, fit random forest]
""",
    ),
    (
        "preprocessing_fit_on_all_data",
        "scaler_fitted_on",
        """
scaler: standard
scaler_fitted_on: "X (all rows)"
""",
    ),
    (
        "preprocessing_fit_on_all_data",
        "workflow",
        """
workflow: "impute missing -> scale -> split -> train -> evaluate"
""",
    ),
    (
        "vocabulary_fit_on_all_data",
        "features.tfidf.fitOn",
        """
features: {tfidf: {maxFeatures: 20000, fitOn: whole corpus}}
model: LogisticRegression
""",
    ),
    (
        "vocabulary_fit_on_all_data",
        "text.vectorizer.stage",
        """
text: {vectorizer: {type: CountVectorizer, ngram_range: [1, 2], stage: before_split}}
""",
    ),
    (
        "vocabulary_fit_on_all_data",
        "build_vocab_on",
        """
build_vocab_on: train and test texts
model: {kind: lstm, hidden: 128}
""",
    ),
    (
        "target_encoding_fit_on_all_data",
        "encoders[0].fit_on",
        """
encoders: [{name: TargetEncoder, columns: [city, shop], fit_on: all}, {name: OneHotEncoder, fit_on: train}]
""",
    ),
    (
        "target_encoding_fit_on_all_data",
        "preprocess.mean_encoding.before_split",
        """
preprocess: {mean_encoding: {cols: [zip], before_split: yes}}
""",
    ),
    (
        "feature_selection_on_all_data",
        "featureSelection.scope",
        """
featureSelection: {method: RFE, nFeatures: 15, scope: entire data set}
""",
    ),
    (
        "feature_selection_on_all_data",
        "select_features_before_cv",
        """
cv: 5
select_features_before_cv: true
""",
    ),
    (
        "feature_selection_on_all_data",
        "steps[0]",
        """
steps:
  - name: SelectKBest
  - name: StratifiedKFold
  - name: SVC
""",
    ),
    # -- resampling and copies
    (
        "resampling_before_split",
        "imbalance.stage",
        """
imbalance: {technique: SMOTE, stage: pre-split}
""",
    ),
    (
        "resampling_before_split",
        "oversample_before_split",
        """
oversample_before_split: true
test_size: 0.25
""",
    ),
    (
        "resampling_before_split",
        "stages[1]",
        """
stages: [{name: clean}, {name: RandomOverSampler}, {name: train_test_split}, {name: fit}]
""",
    ),
    (
        "test_resampled",
        "balancing.apply_to",
        """
balancing: {method: undersample, apply_to: [train, test]}
""",
    ),
    (
        "test_resampled",
        "resample_test",
        """
resample: {kind: smote, when: after_split}
resample_test: true
""",
    ),
    (
        "augmented_copies_across_split",
        "augmentation.when",
        """
augmentation: {copies: 4, rotation: 10, when: before split}
""",
    ),
    (
        "augmented_copies_across_split",
        "data.augment_before_split",
        """
data: {augment_before_split: true, augmentations: [crop]}
""",
    ),
    (
        "augmented_copies_across_split",
        "preparation[1]",
        """
preparation: [resize to 128, augment 5x, split 80/20]
model: {kind: cnn, channels: [16, 32]}
""",
    ),
    # -- chosen by the test part
    (
        "test_used_for_selection",
        "callbacks[0].monitor",
        """
callbacks: [{name: EarlyStopping, monitor: test_loss, patience: 3}]
""",
    ),
    (
        "test_used_for_selection",
        "fit.validation_data",
        """
fit: {epochs: 20, validation_data: "(x_test, y_test)"}
""",
    ),
    (
        "test_used_for_selection",
        "checkpoint.best_by",
        """
checkpoint: {best_by: test accuracy}
""",
    ),
    (
        "test_used_for_selection",
        "evaluation.tuneOn",
        """
evaluation: {tuneOn: testSet, metric: f1}
""",
    ),
    (
        "test_used_for_selection",
        "threshold.chosen_on",
        """
threshold: {chosen_on: test, target: recall 0.9}
""",
    ),
    (
        "test_used_for_selection",
        "metric_for_best_model",
        """
model_name_or_path: bert-base-cased
num_train_epochs: 3
learning_rate: 3e-5
metric_for_best_model: test_f1
""",
    ),
    (
        "test_used_for_selection",
        "eval_set",
        """
booster: gbtree
early_stopping_rounds: 20
eval_set: test
""",
    ),
    (
        "search_scored_on_test",
        "tuning.objective.split",
        """
tuning: {library: optuna, n_trials: 50, objective: {metric: rmse, split: test}}
""",
    ),
    (
        "search_scored_on_test",
        "hpo.evaluate_on",
        """
hpo: {method: random, trials: 20, evaluate_on: held-out test set}
""",
    ),
    (
        "search_scored_on_test",
        "grid_search.scoring_data",
        """
grid_search: {C: [1, 10], scoring_data: X_test}
""",
    ),
    (
        "reported_on_tuning_split",
        "evaluation.report_on",
        """
training: {early_stopping: {monitor: val_loss}}
evaluation: {tune_on: validation, report_on: validation, metric: f1}
""",
    ),
    (
        "reported_on_tuning_split",
        "results.from",
        """
search: {kind: grid, trials: 30, scored_on: cv}
results: {from: best cv score}
""",
    ),
    (
        "reported_on_tuning_split",
        "report.split",
        """
report: {split: training set, metric: rmse}
""",
    ),
    (
        "too_many_trials_for_validation",
        "search.n_trials",
        """
data: {rows: 600, split: {validation: 0.1, test: 0.2}}
search: {method: tpe, n_trials: 500, scored_on: validation}
""",
    ),
    (
        "too_many_trials_for_validation",
        "optuna.trials",
        """
n_samples: 400
val_size: 60
test_size: 100
optuna: {trials: 300, direction: maximize}
""",
    ),
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
    # -- evaluation
    (
        "metric_hides_rare_classes",
        "evaluation.metric",
        """
data: {class_counts: {healthy: 9700, ill: 300}}
evaluation: {metric: accuracy}
""",
    ),
    (
        "metric_hides_rare_classes",
        "scoring",
        """
target: is_fraud
positive_rate: 0.4%
scoring: accuracy
""",
    ),
    (
        "metric_hides_rare_classes",
        "metrics",
        """
project: fraud detection in card payments
metrics: [accuracy]
""",
    ),
    (
        "accuracy_only",
        "metric",
        """
model: {kind: random_forest}
task: classification
metric: acc
""",
    ),
    (
        "accuracy_only",
        "compile.metrics",
        """
loss: categorical_crossentropy
compile: {metrics: [accuracy]}
""",
    ),
    (
        "mape_with_zero_targets",
        "metrics[1]",
        """
target: daily_sales
metrics: [rmse, mape]
""",
    ),
    (
        "mape_with_zero_targets",
        "objective",
        """
target: rainfall
objective: mape
""",
    ),
    (
        "no_baseline",
        "evaluation.baseline",
        """
evaluation: {metric: f1, baseline: none}
""",
    ),
    (
        "no_baseline",
        "compareWith",
        """
compareWith: []
metric: rmse
""",
    ),
    # -- tasks
    (
        "tasks_without_metric",
        "metrics",
        """
tasks: [age, gender, glasses]
metrics: {age: mae, gender: f1}
""",
    ),
    (
        "tasks_without_metric",
        "tasks",
        """
tasks:
  depth: {loss: l1, metric: rmse}
  normals: {loss: cosine}
""",
    ),
    (
        "task_weights_unbalanced",
        "loss_weights",
        """
heads: {depth: 1, semantic: 19}
loss_weights: {depth: 1000, semantic: 1}
""",
    ),
    (
        "task_weights_unbalanced",
        "tasks",
        """
tasks: [{name: toxicity, weight: 50}, {name: sentiment, weight: 1}]
""",
    ),
    (
        "task_weights_unbalanced",
        "training.lossWeights",
        """
training: {lossWeights: {age: 0.0, gender: 1.0}}
""",
    ),
    (
        "task_size_imbalance",
        "tasks",
        """
tasks: [{name: translation, rows: 2000000}, {name: summaries, rows: 9000}]
""",
    ),
    (
        "task_size_imbalance",
        "samples_per_task",
        """
samples_per_task: {defects: 400, types: 90000}
model: shared trunk
""",
    ),
    (
        "unrelated_tasks_fully_shared",
        "sharing",
        """
tasks: {reviews: {data: reviews.txt text}, scans: {data: x-ray images}}
sharing: hard
""",
    ),
    (
        "unrelated_tasks_fully_shared",
        "model.shared_layers",
        """
model: {kind: mlp, shared_layers: all}
multi_task: {related: false, tasks: [rent, accidents]}
""",
    ),
    # -- capacity
    (
        "model_too_large_for_data",
        "model.hidden_layers",
        """
model: {type: MLP, hidden_layers: [1024, 1024, 512]}
data: {n_rows: 800, n_features: 20}
epochs: 40
optimizer: adam
""",
    ),
    (
        "model_too_large_for_data",
        "model.params",
        """
model: {arch: transformer, params: 350M}
dataset_size: 5000
lr: 3e-4
optimizer: adamw
""",
    ),
    (
        "model_too_large_for_data",
        "net.units",
        """
net: {kind: dense, units: "512-512", depth: 2}
n_samples: 600
n_features: 40
""",
    ),
    (
        "more_features_than_rows",
        "n_features",
        """
n_samples: 80
n_features: 20000
model: LinearRegression
""",
    ),
    (
        "more_features_than_rows",
        "genes.n_genes",
        """
genes: {n_genes: 15000}
rows: 120
classifier: {name: knn}
""",
    ),
    # -- the training itself
    (
        "learning_rate_too_high",
        "optimizer.lr",
        """
optimizer: {name: AdamW, lr: 0.5}
model: {kind: cnn}
""",
    ),
    (
        "learning_rate_too_high",
        "learning_rate",
        """
model_name_or_path: roberta-base
num_train_epochs: 3
learning_rate: 0.005
""",
    ),
    (
        "learning_rate_too_high",
        "params.eta",
        """
model: xgboost
params: {eta: 1.5, max_depth: 5}
""",
    ),
    (
        "learning_rate_too_high",
        "train_args",
        """
train_args: "--optimizer sgd --lr 8 --batch-size 32"
""",
    ),
    (
        "learning_rate_too_low",
        "training.lr",
        """
training: {optim: adam, lr: 1e-8, epochs: 10}
model: {kind: mlp, hidden: [32]}
""",
    ),
    (
        "learning_rate_too_low",
        "lightgbm.learning_rate",
        """
lightgbm: {learning_rate: 0.001, n_estimators: 100}
""",
    ),
    (
        "no_early_stopping",
        "training.epochs",
        """
model: {kind: mlp, hidden: [64]}
training: {optimizer: adam, lr: 0.001, epochs: 500}
""",
    ),
    (
        "no_early_stopping",
        "earlyStopping",
        """
earlyStopping: false
maxEpochs: 100
model: {kind: cnn}
""",
    ),
    (
        "no_early_stopping",
        "n_estimators",
        """
model: CatBoost
n_estimators: 5000
learning_rate: 0.1
""",
    ),
    (
        "no_gradient_clipping",
        "training.gradient_clipping",
        """
model: {kind: lstm, hidden: 128}
training: {gradient_clipping: null, lr: 0.001}
""",
    ),
    (
        "no_gradient_clipping",
        "trainer.gradient_clip_val",
        """
net: {class: Transformer, layers: 6}
trainer: {gradient_clip_val: 0, max_epochs: 10}
""",
    ),
    (
        "no_seed",
        "seed",
        """
seed: null
model: {kind: mlp}
""",
    ),
    (
        "no_seed",
        "trainer.randomState",
        """
trainer: {randomState: none}
""",
    ),
    # -- weights from elsewhere
    (
        "pretrained_normalisation_missing",
        "model.normalize",
        """
model: {backbone: resnet50, weights: imagenet, normalize: false}
""",
    ),
    (
        "pretrained_normalisation_missing",
        "transforms",
        """
model: {name: efficientnet_b0, pretrained: true}
transforms: [Resize(224), ToTensor]
""",
    ),
    (
        "domain_gap_of_pretraining",
        "encoder.weights",
        """
title: spectrogram classification of whale calls
encoder: {arch: resnet34, weights: imagenet}
""",
    ),
    (
        "domain_gap_of_pretraining",
        "model_name_or_path",
        """
project: triage of German complaints
language: German
model_name_or_path: bert-base-uncased
""",
    ),
    (
        "upscaled_inputs",
        "resize",
        """
dataset: cifar10
resize: 224
""",
    ),
    (
        "upscaled_inputs",
        "model.inputSize",
        """
data: {native_size: 32x32}
model: {inputSize: [256, 256], kind: vit}
""",
    ),
    (
        "unscaled_inputs",
        "scaling",
        """
model: SVC
scaling: none
""",
    ),
    (
        "unscaled_inputs",
        "preprocessing.standardize",
        """
estimator: KNeighborsClassifier
preprocessing: {standardize: false}
""",
    ),
]
