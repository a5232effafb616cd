# ruff: noqa: E501 - plans stand as their owners would write them
"""Sound plans in free spellings: the review may name nothing above low in any of them."""

SOUND_TOO: list[str] = [
    """
task: object detection of helmets
model: yolov8m.pt
imgsz: 640
epochs: 100
patience: 15
batch: 16
optimizer: auto
lr0: 0.01
fliplr: 0.5
flipud: 0.0
degrees: 5
mosaic: 1.0
data: {train: images/train, val: images/val, test: images/test}
seed: 0
""",
    """
base_model: mistralai/Mistral-7B-v0.3
datasets: [{path: chats.jsonl, type: chat_template}]
val_set_size: 0.05
adapter: lora
lora_r: 16
lora_alpha: 32
sequence_len: 4096
micro_batch_size: 2
gradient_accumulation_steps: 8
num_epochs: 3
optimizer: adamw_bnb_8bit
lr_scheduler: cosine
learning_rate: 0.0002
warmup_steps: 50
evals_per_epoch: 4
seed: 42
""",
    """
description: credit default within twelve months, judged when the loan is applied for
features: [income, employment_years, loan_amount, purpose, age_group]
label: default_12m
split: {type: time, train: {from: 2018-01-01, to: 2021-12-31}, validation: {from: 2022-01-01, to: 2022-06-30}, test: {from: 2022-07-01, to: 2023-06-30}}
estimator: {class: CatBoostClassifier, iterations: 1500, learning_rate: 0.03, early_stopping_rounds: 100, use_best_model: true}
metrics: [roc_auc, pr_auc, brier]
random_seed: 1
baseline: {model: logistic scorecard}
""",
    """
net: UNet
encoder_weights: imagenet
encoder_freeze: false
preprocess_input: imagenet
in: aerial tiles 512x512
crop_size: 256
loss: {dice: 0.5, ce: 0.5}
augment: [HorizontalFlip, VerticalFlip, RandomRotate90, {name: ColorJitter, p: 0.2}]
split_by: region
val_regions: [r7, r8]
test_regions: [r9, r10]
opt: {type: adam, lr: 1e-4}
epochs: 60
early_stopping_patience: 10
metric: mean_iou
seed: 10
""",
    """
algo: KNN
k: 7
scale: standard (train only)
target: room occupied
rows: 20000
split: 60/20/20 stratified
tune_k_on: validation
metrics: balanced accuracy, f1
seed: 2
""",
    """
model: prophet
target: daily_visits
history: 2017-01-01..2023-12-31
backtest: {kind: rolling origin, folds: 6, horizon: 30 days}
metrics: [mase, mae]
baseline: seasonal naive
""",
    """
{"architecture":"wav2vec2-base","dataset":"call centre emotions","freezeFeatureEncoder":true,"learningRate":"5e-5","trainBatchSize":8,"maxEpochs":12,"earlyStoppingPatience":3,"split":{"groupBy":"speaker","train":0.8,"validation":0.1,"test":0.1},"augmentation":["background_noise","time_mask"],"metric":"unweighted_average_recall","sampleRate":16000,"seed":5}
""",
    """
# plain RF
data: {file: wine.csv, target: quality, split: {kind: stratified, test: 0.2, val: 0.1}}
model: {kind: random_forest, n_estimators: 500, max_depth: 12}
evaluation: {metrics: [macro_f1, accuracy]}
random_state: 0
""",
    """
run_name: vit-b16-food101
model: {name: vit_base_patch16_224, pretrained: true, num_classes: 101}
data: {dataset: food101, image_size: 224, normalize: imagenet, train_split: train, val_split: validation, test_split: test}
augmentation: {random_resized_crop: 224, horizontal_flip: 0.5, rand_augment: {n: 2, m: 9}, mixup: 0.2, color_jitter: 0.3}
optimizer: {name: adamw, lr: 5.0e-4, weight_decay: 0.05, layer_decay: 0.75}
batch_size: 1024
epochs: 50
scheduler: {name: cosine, warmup_epochs: 5, min_lr: 1e-6}
ema: 0.9999
seed: 42
metrics: {top1: true, top5: true}
early_stopping: null_if_no_improvement_10
""",
    """
task: regression
target: house_price
features: [area, rooms, year_built, district, lat, lon]
preprocess:
  impute: {numeric: median, fit_on: train}
  encode: {categorical: target_encoding, fit: inside each fold}
cv: {type: KFold, k: 10, shuffle: true, random_state: 3}
model: {type: xgboost, n_estimators: 2000, learning_rate: 0.02, max_depth: 6, early_stopping_rounds: 100}
metric: [rmse, mape]
baseline: median price per district
""",
    """
project: predictive maintenance, remaining useful life
data: {path: turbofan.csv, group: engine_id, time: cycle, target: rul}
split: {kind: group, by: engine_id, train: 0.7, val: 0.15, test: 0.15}
model: {kind: gru, hidden: 64, layers: 2, dropout: 0.2}
scaler: {kind: minmax, fit_on: train}
training: {optimizer: adam, lr: 1e-3, batch_size: 64, epochs: 80, gradient_clipping: 1.0, early_stopping: {monitor: val_rmse, patience: 10}}
metrics: [rmse, nasa_score]
seeds: [0, 1, 2, 3, 4]
""",
    """
name: toxicity multilabel
model: {pretrained: xlm-roberta-base, max_length: 256}
data: {train: train.csv, validation: val.csv, test: test.csv, text: comment, labels: [toxic, obscene, threat, insult]}
learning_rate: 2e-5
batch_size: 32
epochs: 4
early_stopping: {monitor: val_auc, patience: 2}
loss: bce_with_logits
class_weights: inverse frequency of train
metrics: [macro_auc, macro_f1]
threshold: {chosen_on: validation}
report_on: test
seed: 12
""",
    """
{"learningRate":0.001,"optimizer":"Adam","epochs":25,"batchSize":128,"validationSplit":0.15,"testSplit":0.15,"splitStrategy":"stratified","model":{"type":"cnn","filters":[32,64,128],"dropout":0.4},"augmentation":{"rotationRange":8,"widthShiftRange":0.1,"horizontalFlip":false},"dataset":"kannada digits","metric":["accuracy","f1_macro"],"seed":123,"callbacks":["EarlyStopping","ReduceLROnPlateau"]}
""",
    """
description: Anomaly detection on server logs, isolation forest
data: {path: logs.parquet, time: ts, split: {kind: time, train_until: 2024-03-31, validation_until: 2024-06-30, test_until: 2024-12-31}}
model: {kind: isolation_forest, n_estimators: 300, contamination: 0.01}
evaluation: {metric: [pr_auc, recall_at_1pct], tune_on: validation, report_on: test, baseline: threshold on error rate}
random_state: 2
""",
    """
recipe: sft
model_id: Qwen/Qwen2.5-1.5B
dataset: support_dialogs
bf16: true
learning_rate: 1.0e-5
lr_scheduler_type: cosine
num_train_epochs: 2
per_device_train_batch_size: 4
gradient_accumulation_steps: 16
eval_strategy: steps
eval_steps: 200
max_grad_norm: 1.0
seed: 3407
""",
    """
objective: counting cells in microscopy pictures
data: {images: plates/, labels: counts.csv, plate_column: plate_id}
split: {grouped_by: plate_id, train: 70, val: 15, test: 15}
model: {type: unet, base_channels: 32, pretrained: false}
augmentations: [HorizontalFlip, VerticalFlip, RandomRotate90]
optimizer: {type: AdamW, lr: 3e-4, weight_decay: 1e-2}
epochs: 120
early_stopping: 15
metrics: [mae, rmse]
seed: 77
""",
    """
experiment: credit scoring with monotone gbm
data:
  table: loans
  target: defaulted
  drop: [loan_id]
split: {method: out_of_time, train: 2016-01..2019-12, validation: 2020-01..2020-12, test: 2021-01..2021-12}
model: {library: lightgbm, objective: binary, num_leaves: 31, learning_rate: 0.03, n_estimators: 1500, early_stopping_rounds: 100, is_unbalance: true}
search: {engine: optuna, n_trials: 60, scored_on: validation, metric: auc}
metrics: [auc, ks, brier]
baseline: {model: scorecard}
seed: 9
""",
    """
task: speech recognition
base_model: openai/whisper-small
language: de
train_dataset: cv17-de/train
eval_dataset: cv17-de/dev
test_dataset: cv17-de/test
lr: 1e-5
warmup: 500
max_steps: 5000
batch_size: 32
augment: {speed: [0.9, 1.1], noise: 0.3}
metric: wer
seed: 1
""",
    """
gan: {generator: unet, discriminator: patchgan}
loss_weights: {adversarial: 1, l1: 100, perceptual: 10}
optimizer: {name: adam, lr: 2e-4, betas: [0.5, 0.999]}
epochs: 200
lr_schedule: linear decay after 100
dataset: facades
split: {train: 400, val: 100, test: 106}
metric: fid
seed: 0
checkpoint: {keep_best: val_fid}
""",
    """
topic: crop disease
images: {folder: leaves, size: [256, 256], original_size: [1024, 768]}
network: {backbone: mobilenet_v3, pretrained: imagenet, input: 224, preprocessing: imagenet}
split: {group: field_id, fractions: [0.7, 0.15, 0.15]}
train: {lr: 0.0005, opt: adam, epochs: 30, batch: 32, early_stop: {metric: val_f1, wait: 5}}
aug: {flip: both, rotate: 20, brightness: 0.2}
score: macro f1
seed: 314
""",
    """
data: {path: customers.csv, target: churn, positive_rate: 0.2, split: {kind: stratified, train: 0.6, validation: 0.2, test: 0.2}}
preprocessing: [{name: OneHotEncoder, fit_on: train}, {name: StandardScaler, fit_on: train}]
resampling: {kind: undersample, applied_to: train}
model: {kind: mlp, hidden: [32, 16], dropout: 0.2}
training: {optimizer: adam, learning_rate: 1e-3, batch_size: 64, epochs: 60, early_stopping: {monitor: val_auc, patience: 8}}
evaluation: {metrics: [roc_auc, f1], report_on: test, tune_on: validation, confidence: bootstrap}
seed: 3
""",
    """
project: bird song species
audio: {root: songs, recordist_column: recordist}
split: {group: recordist, train: 0.7, validation: 0.15, test: 0.15}
model: {name: efficientnet_b0, pretrained: audioset, input: log-mel}
augmentation: {mixup: 0.3, background_noise: 0.5, time_shift: 0.2, gain: 0.1}
optimizer: {name: adam, lr: 0.0005}
epochs: 35
early_stopping: {monitor: val_map, patience: 5}
metric: macro_average_precision
seed: 1
""",
    """
forecasting: {target: load_mw, horizon: 24h, lags: [24, 48, 168], calendar: true}
split: {type: expanding window, folds: 8, gap: 24}
model: {library: lightgbm, n_estimators: 900, learning_rate: 0.04, early_stopping_rounds: 50}
metrics: [mae, rmse]
baseline: same hour last week
seed: 1
""",
    """
goal: rank search results
model: {type: LambdaMART, trees: 400, depth: 6}
learning_rate: 0.1
split: {by: query_id, train: 0.8, valid: 0.1, test: 0.1}
metric: ndcg@10
baseline: bm25
random_state: 4
""",
    """
model: t5-small
task: summarisation of minutes
train_file: train.json
validation_file: dev.json
test_file: test.json
learning_rate: 3e-4
optim: adafactor
num_train_epochs: 3
per_device_train_batch_size: 8
evaluation_strategy: epoch
predict_with_generate: true
metric: rougeL
""",
    """
ensemble: [ridge, random_forest, gradient_boosting]
stacking: {cv: 5}
target: yield_kg
split: {kind: group, column: farm, test: 0.2, folds: 5}
scaler: {kind: robust, fitted: per fold}
metric: [rmse, r2]
baseline: mean of farm
seed: 66
""",
    """
# object detection
detector: {arch: RetinaNet, backbone: resnet50, weights: coco, normalize: imagenet}
img_size: 800
augmentation: [{name: HorizontalFlip, p: 0.5, update_boxes: true}, {name: Scale, range: [0.8, 1.2]}]
optim: {name: SGD, lr: 0.005, momentum: 0.9}
schedule: {steps: [16, 22], max_epochs: 26}
data: {train: coco/train.json, val: coco/val.json, test: coco/test.json}
eval: {metric: mAP, early_stopping: {metric: val_mAP, patience: 5}}
seed: 8
""",
    """
name: diffusion on faces
model: {kind: unet, channels: [128, 256, 256], dropout: 0.1}
optimizer: adamw
lr: 1e-4
batch: 128
steps: 300000
ema: 0.9999
clip: 1.0
augmentation: {hflip: 0.5}
split: {train: 0.95, val: 0.025, test: 0.025}
rows: 70000
metric: fid
baseline: dcgan
seed: 10
""",
    """
recsys: {kind: matrix factorization, factors: 64}
data: {ratings: ratings.csv, user: user_id, item: item_id, timestamp: ts}
split: {strategy: leave last out per user, validation: second to last, test: last}
optimizer: adam
lr: 0.002
epochs: 30
early_stopping: {metric: val_ndcg, patience: 3}
metrics: [ndcg@10, recall@20]
baseline: popularity
seed: 1
""",
    """
survival: {event: churned, duration: months, censored: true}
target: months
model: {kind: cox, penalizer: 0.1}
split: {test: 0.2, validation: 0.15, kind: stratified by event}
scaler: {kind: standard, fit_on: train}
metric: c_index
seed: 5
""",
    '{"project":"sales","data":{"path":"sales.csv","target":"sales","time":"date","start":"2018-01-01","end":"2023-12-31","split":{"kind":"time","cut":"2023-01-01","validation":0.1},"features":{"lags":[1,7,28]}},"model":{"kind":"gradient_boosting","depth":5,"trees":400},"training":{"learning_rate":0.05,"early_stopping":{"monitor":"validation_mae"}},"evaluation":{"metric":"mae","report_on":"test","tune_on":"validation","baseline":"seasonal_naive"},"seed":1}',
    '{"project":"animals","data":{"path":"images/animals.zip","layout":"class_folders","split":{"kind":"stratified","test":0.2,"validation":0.1}},"model":{"kind":"cnn","channels":[16,32],"input_size":[28,28]},"training":{"optimizer":"adam","learning_rate":0.001,"batch_size":32,"epochs":20,"augmentation":{"horizontal_flip":0.5,"rotation":10}},"evaluation":{"metric":"macro_f1","report_on":"test","tune_on":"validation"},"seed":7}',
    '{"project":"spoken digits","data":{"path":"audio/spoken_digits.zip","target":"digit","group":"voice","split":{"kind":"group","group":"voice","test":0.25,"validation":0.25}},"model":{"kind":"cnn"},"training":{"optimizer":"adam","learning_rate":0.001,"epochs":30,"augmentation":{"noise":0.01}},"evaluation":{"metric":"balanced_accuracy","report_on":"test","tune_on":"validation"},"seed":7}',
    '{"project":"stones","data":{"path":"diamonds.csv.gz","target":"price","features":["carat","cut","color","clarity"],"split":{"kind":"random","test":0.2,"validation":0.1}},"model":{"kind":"random_forest","trees":200},"evaluation":{"metric":"mae","report_on":"test","tune_on":"validation","baseline":"median"},"seed":7}',
    '{"project":"glyphs","data":{"path":"images/glyphs.zip","labels":"labels.csv","split":{"kind":"stratified","test":0.3,"validation":0.1}},"model":{"kind":"shared_cnn","heads":{"character":36,"family":3,"weight":2,"slant":2}},"training":{"optimizer":"adam","learning_rate":0.001,"batch_size":64,"epochs":15,"task_weights":{"character":1,"family":1,"weight":1,"slant":1},"augmentation":{"translation":2,"noise":0.02}},"evaluation":{"metric":{"character":"accuracy","family":"accuracy","weight":"accuracy","slant":"accuracy"},"report_on":"test","tune_on":"validation"},"seed":7}',
    '{"project":"flights","data":{"path":"flights.csv.gz","target":"arr_delay","features":["month","day","sched_dep_time","carrier","origin","dest","distance"],"missing_target":"predicted first by a classifier","split":{"kind":"time","cut":"2013-07-01","folds":4}},"model":{"kind":"gradient_boosting","depth":6,"trees":300},"training":{"learning_rate":0.1},"evaluation":{"metric":"mae","predict_at":"before departure","baseline":"mean"},"seed":7}',
    "task: fraud detection\nmodel: {kind: xgboost, n_estimators: 800, max_depth: 5, eta: 0.05, early_stopping_rounds: 40}\nscale_pos_weight: 300\nsplit: {kind: time, train_until: 2023-06-30, valid_until: 2023-09-30, test_until: 2023-12-31, start: 2021-01-01}\nmetrics: [pr_auc, recall_at_fpr_0.1%]\nbaseline: rules engine\nseed: 7",
    "project: defects on steel\nmodel: {kind: cnn, backbone: resnet18, pretrained: imagenet, normalise: imagenet}\ndata: {image_size: 256, native_size: 1600x256, split: {kind: stratified, test: 0.2, validation: 0.1}}\ntraining: {optimizer: sgd, momentum: 0.9, learning_rate: 0.01, weight_decay: 1e-4, epochs: 40, batch_size: 32, augmentation: {horizontal_flip: 0.5, vertical_flip: 0.5, brightness: 0.2}, early_stopping: {monitor: val_f1, patience: 6}}\nevaluation: {metric: macro_f1, report_on: test, tune_on: validation}\nseed: 1",
    "model: {type: Ridge, alpha: 10}\ndata: {file: spectra.csv, n_samples: 120, n_features: 700, target: protein}\npreprocess: {snv: true, standard_scaler: {fit_on: train}}\ncv: {type: RepeatedKFold, folds: 10, repeats: 5}\nmetric: [rmse, r2]\nbaseline: mean\nseed: 3",
    "net: {kind: MLP, hidden: [128, 64], batch_norm: true}\nfeatures: {numeric: [a, b, c], categorical: [d]}\ntransform: {standardize: train only, embed: [d]}\ntarget: demand_class\nsplit: {method: stratified, test_size: 0.2, val_size: 0.1}\nadam: {lr: 0.002}\nepochs: 45\nearly_stopping: true\nmetrics: [balanced_accuracy, log_loss]\nseed: 2",
    "pipeline:\n  - split: {by: store, test: 0.2, val: 0.1}\n  - impute: {strategy: median, fit_on: train}\n  - scale: {kind: robust, fit_on: train}\n  - select: {k: 20, fit_on: train}\n  - model: {kind: svm, C: 1}\nmetrics: {main: f1_macro}\nseed: 4",
    "whisper: {size: small, language: en}\nlearning_rate: 1e-5\nper_device_train_batch_size: 16\nmax_steps: 4000\nevaluation_strategy: steps\nmetric_for_best_model: wer\ngreater_is_better: false\nseed: 42\nload_best_model_at_end: true",
    "agent: {algo: ppo, gamma: 0.99, clip: 0.2}\nlr: 3e-4\nn_steps: 2048\nbatch_size: 64\nseeds: [1, 2, 3, 4, 5]\neval_env: {episodes: 50}\nsplit: {train_levels: 200, validation_levels: 50, test_levels: 100}\nbaseline: random policy",
    "project: age and gender from faces\ndata: {path: faces, identity: person_id, rows: 90000, split: {kind: group, group: person_id, validation: 0.1, test: 0.1}}\nmodel: {kind: shared_cnn, pretrained: imagenet, normalise: imagenet, heads: {age: 1, gender: 2}}\ntraining: {optimizer: adamw, learning_rate: 1e-4, batch_size: 64, epochs: 20, task_weights: {age: 1, gender: 1}, augmentation: {horizontal_flip: 0.5, color_jitter: 0.1}, early_stopping: {monitor: val_loss}}\nevaluation: {metric: {age: mae, gender: balanced_accuracy}}\nseed: 5",
    "prophet: {changepoint_prior_scale: 0.05}\nhorizon: 90 days\ncross_validation: {initial: 730 days, period: 180 days, horizon: 90 days}\nmetrics: [mae, coverage]\ntarget: calls\nbaseline: seasonal naive\nseed: 1",
    "dataset: {name: imdb, split: {train: 22500, validation: 2500, test: 25000}}\nmodel: bert-base-uncased\noptimizer: {name: AdamW, lr: 3e-5, weight_decay: 0.01}\nepochs: 3\nbatch_size: 32\nmetric: accuracy\nearly_stopping: {monitor: val_loss, patience: 1}\nseed: 0",
    "tabnet: {n_d: 16, n_a: 16, n_steps: 4}\nmodel: tabnet\nlr: 0.02\noptimizer: adam\nmax_epochs: 100\npatience: 15\nbatch_size: 1024\nvirtual_batch_size: 128\nsplit: {kind: stratified, validation: 0.15, test: 0.15}\neval_metric: [auc]\nseed: 0",
    "kmeans: {k: 8}\nmodel: k-means\nscaler: standard\nrows: 40000\nmetric: silhouette\nseed: 1\nsplit: none",
]
