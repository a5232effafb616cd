"""Risks of preparation, resampling and the choice by the test part, in several spellings each."""

# (fault, key at which it is to be named, plan)
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
]
