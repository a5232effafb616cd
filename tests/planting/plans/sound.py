# ruff: noqa: E501 - plans stand as their owners would write them
"""Sound plans in the styles that people use: the review may name nothing above low in any of them."""

SOUND = {
    "a table, our own keys": """
project: late payments
data:
  path: invoices.csv
  target: late
  rows: 12000
  split: {kind: stratified, train: 0.7, validation: 0.15, test: 0.15}
model:
  kind: logistic_regression
  C: 0.5
  scaler: {kind: standard, fit_on: train}
  target_encoding: {kind: mean, fit_on: train}
training: {max_iter: 400, class_weight: balanced}
evaluation: {metric: [average_precision, recall], report_on: test, tune_on: validation, baseline: majority}
seed: 3
""",
    "boosted trees, flat names of XGBoost": """
objective: binary:logistic
booster: gbtree
eta: 0.05
max_depth: 6
num_boost_round: 800
early_stopping_rounds: 50
subsample: 0.8
colsample_bytree: 0.8
scale_pos_weight: 12
eval_metric: aucpr
eval_set: validation
n_samples: 80000
train_size: 0.7
validation_size: 0.15
test_size: 0.15
stratify: true
random_state: 42
""",
    "forecast, camelCase, walk-forward": """
projectName: store demand for next week
dataSet: {file: demand.parquet, targetColumn: units_sold, timeColumn: day, startDate: 2019-01-01, endDate: 2023-12-31}
featureEngineering:
  lags: [7, 14, 28, 364]
  rollingMean: {window: 28, center: false}
validationStrategy: {type: TimeSeriesSplit, nSplits: 5, gap: 7}
testPeriod: {from: 2023-01-01, to: 2023-12-31}
trainPeriod: {from: 2019-01-01, to: 2022-12-31}
estimator: {name: LGBMRegressor, learningRate: 0.05, nEstimators: 600, numLeaves: 63}
earlyStopping: {rounds: 50, monitor: valid_mae}
metrics: [mae, mase]
baseline: seasonal naive
randomSeed: 11
""",
    "fine-tuning a classifier, arguments of the Hugging Face Trainer": """
model_name_or_path: distilbert-base-uncased
train_file: reviews_train.jsonl
validation_file: reviews_valid.jsonl
test_file: reviews_test.jsonl
learning_rate: 2e-5
per_device_train_batch_size: 16
num_train_epochs: 3
weight_decay: 0.01
warmup_ratio: 0.06
lr_scheduler_type: linear
eval_strategy: epoch
save_strategy: epoch
load_best_model_at_end: true
metric_for_best_model: eval_f1
seed: 42
""",
    "adapting a language model with LoRA": """
model:
  pretrained: meta-llama/Llama-3.1-8B
  kind: llama
training:
  method: qlora
  lora: {r: 16, lora_alpha: 32, lora_dropout: 0.05, target_modules: [q_proj, v_proj]}
  learning_rate: 2e-4
  batch_size: 64
  epochs: 2
  optimizer: paged_adamw_8bit
  max_grad_norm: 0.3
  warmup_ratio: 0.03
  lr_scheduler: cosine
data: {path: instructions.jsonl, rows: 52000, split: {kind: random, validation: 0.02, test: 0.02}}
evaluation: {metric: rouge_l, report_on: test, baseline: zero-shot}
seed: 1
""",
    "photographs, Lightning": """
trainer: {max_epochs: 40, gradient_clip_val: 1.0, precision: 16-mixed, deterministic: true}
seed_everything: 7
data:
  class_path: FlowersDataModule
  init_args:
    data_dir: photos/flowers
    image_size: 224
    original_size: [600, 800]
    split: {strategy: stratified, val: 0.15, test: 0.15}
    train_transforms: [RandomResizedCrop, RandomHorizontalFlip, ToTensor, Normalize(imagenet)]
model:
  class_path: TimmClassifier
  init_args: {backbone: resnet50, pretrained: true, num_classes: 102}
optimizer: {class_path: torch.optim.AdamW, init_args: {lr: 0.0003, weight_decay: 0.05}}
callbacks:
  - {class_path: EarlyStopping, init_args: {monitor: val_loss, patience: 5}}
  - {class_path: ModelCheckpoint, init_args: {monitor: val_f1, mode: max}}
metrics: [accuracy, macro_f1]
""",
    "digits from scratch, Keras": """
project: house numbers
model: {type: Sequential, layers: [{type: Conv2D, filters: 32}, {type: Conv2D, filters: 64}, {type: Dense, units: 10}]}
compile: {optimizer: adam, learning_rate: 0.001, loss: sparse_categorical_crossentropy, metrics: [accuracy, macro_f1]}
fit: {epochs: 30, batch_size: 128, validation_split: 0.1, callbacks: [EarlyStopping]}
augmentation: {rotation_range: 10, width_shift_range: 0.1, zoom_range: 0.1, horizontal_flip: false}
data: {n_images: 60000, test_split: 0.15, split: stratified, scale: 1/255}
random_seed: 0
""",
    "support vectors in a scikit-learn pipeline": """
dataset: {csv: sensors.csv, y: fault_type, n_samples: 4800}
pipeline:
  - {step: SimpleImputer, strategy: median, fit_on: train}
  - {step: StandardScaler, fit_on: train}
  - {step: SelectKBest, k: 20, fit_on: train folds}
  - {step: SVC, kernel: rbf, C: 10, gamma: scale}
cross_validation: {kind: StratifiedKFold, n_splits: 5, shuffle: true}
search: {kind: grid, param_grid: {C: [0.1, 1, 10], gamma: [0.01, 0.1]}, scoring: f1_macro, scored_on: cv}
holdout_test: 0.2
evaluation: {metrics: [f1_macro, confusion_matrix], on: test}
random_state: 13
""",
    "tumours in scans, segmentation with patients kept together": """
task: liver tumour segmentation in CT
data:
  images: scans/*.nii.gz
  masks: masks/*.nii.gz
  patient_id: PatientID
  split: {by: patient, train: 0.7, val: 0.15, test: 0.15}
model: {name: nnU-Net, in_channels: 1, out_channels: 2, dropout: 0.1}
optimizer: {name: SGD, lr: 0.01, momentum: 0.99, nesterov: true, weight_decay: 3.0e-5}
scheduler: poly
epochs: 200
batch_size: 2
early_stopping: {monitor: val_dice, patience: 30}
augmentation:
  - {name: rotation, degrees: 15, apply_to_masks: true}
  - {name: mirror, p: 0.5, apply_to_masks: true}
  - {name: elastic, p: 0.2, apply_to_masks: true}
loss: dice_ce
metrics: [dice, hausdorff95]
seeds: [1, 2, 3]
""",
    "spoken commands": """
goal: keyword spotting of voice commands
audio: {folder: clips, sample_rate: 16000, speakers: speaker_id}
split: {method: group, group_by: speaker_id, valid: 10%, test: 10%}
features: {kind: log_mel, n_mels: 64}
network: {arch: CNN, channels: [32, 64, 128], dropout: 0.2}
optim: AdamW
lr: 1e-3
bs: 64
epochs: 40
early_stop: {on: valid_loss, patience: 6}
augment: [{time_shift_ms: 100}, {background_noise: 0.3}, {spec_augment: true}]
metric: balanced_accuracy
seed: 99
""",
    "one network for several tasks": """
project: product photos
data: {path: products, rows: 30000, split: {kind: group, group: product_id, validation: 0.1, test: 0.1}}
model: {kind: shared_cnn, pretrained: imagenet, normalise: imagenet, heads: {category: 40, brand: 120, season: 4}}
training:
  optimizer: adamw
  learning_rate: 3e-4
  batch_size: 64
  epochs: 25
  task_weights: {category: 1.0, brand: 1.0, season: 0.5}
  augmentation: {horizontal_flip: 0.5, random_crop: 0.9}
  early_stopping: {monitor: val_loss, patience: 4}
evaluation: {metric: {category: macro_f1, brand: macro_f1, season: balanced_accuracy}, report_on: test, tune_on: validation}
seed: 5
""",
    "a recurrent net on machine signals, YAML of a config library": """
experiment: bearing wear
dataset:
  _target_: data.Signals
  file: vibration.h5
  group_column: machine_id
  normalize: {method: zscore, statistics_from: train}
splitter: {_target_: sklearn.model_selection.GroupKFold, n_splits: 5, groups: machine_id}
net: {_target_: nets.LSTM, hidden_size: 64, num_layers: 2, dropout: 0.1}
optim: {_target_: torch.optim.Adam, lr: 0.002, weight_decay: 1e-4}
clip_grad_norm: 1.0
max_epochs: 60
early_stopping: {monitor: val/rmse, patience: 8}
metrics: [rmse, mae]
seed: 17
""",
    "random forest, resampled inside the folds": """
data.file: claims.csv
data.label: fraud
data.rows: 200000
data.class_counts: {ok: 194000, fraud: 6000}
split.type: stratified
split.test: 0.2
split.validation: 0.1
resampling.method: SMOTE
resampling.when: after_split
resampling.apply_to: train only
model.type: RandomForestClassifier
model.n_estimators: 400
search.method: random
search.n_trials: 30
search.metric_on: validation
evaluation.metric: pr_auc
evaluation.report_on: test
evaluation.repeats: 5
random_state: 8
""",
    "words counted, as a list of steps": """
name: complaint routing
steps:
  - load tickets.csv
  - split stratified 70/15/15
  - fit tf-idf on the training part
  - train logistic regression
  - choose C on the validation part
  - report macro F1 on the test part
seed: 21
""",
    "a transformer from scratch on event logs": """
model: {kind: transformer, layers: 4, width: 128, heads: 4, dropout: 0.1}
data: {path: events.parquet, group: user_id, rows: 400000, split: {kind: group, group: user_id, validation: 0.05, test: 0.05}}
training: {optimizer: adamw, lr: 0.0005, weight_decay: 0.01, batch_size: 256, epochs: 20, schedule: cosine, warmup: 0.05, gradient_clipping: 1.0,
           early_stopping: {monitor: val_loss, patience: 3}}
evaluation: {metric: [roc_auc, log_loss], report_on: test, tune_on: validation, baseline: logistic regression}
runs: 3
seed: 2
""",
    "a sweep, Weights and Biases": """
program: train.py
method: bayes
metric: {name: val_macro_f1, goal: maximize}
run_cap: 40
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-2}
  batch_size: {values: [32, 64]}
  dropout: {min: 0.0, max: 0.5}
  optimizer: {value: adam}
  epochs: {value: 15}
  seed: {value: 4}
data: {rows: 40000, split: {train: 80, val: 10, test: 10, type: stratified}}
""",
}
