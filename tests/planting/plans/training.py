"""Risks of evaluation, tasks, capacity, training and borrowed weights, in several spellings each."""

# (fault, key at which it is to be named, plan)
FAULTY: list[tuple[str, str, str]] = [
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
        "training.early_stopping.monitor",
        """
data: {split: {kind: stratified, validation: 0, test: 0.2}}
model: {kind: mlp, hidden: [64, 64]}
training: {optimizer: adam, lr: 0.001, epochs: 40, early_stopping: {monitor: val_loss, patience: 10}}
""",
    ),
    (
        "no_early_stopping",
        "early_stopping_rounds",
        """
split: [0.8, 0.0, 0.2]
model: lightgbm
n_estimators: 400
early_stopping_rounds: 50
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
