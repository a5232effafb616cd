# ruff: noqa: E501 - plans stand as their owners would write them
"""Plans with several risks at once: (faults, plan)."""

SEVERAL: list[tuple[set[str], str]] = [
    (
        {"unrelated_tasks_fully_shared"},
        '{"project":"one model for all","tasks":{"digits":"images/digits.zip","spam":"text/spam.jsonl"},"model":{"kind":"shared_mlp","shared_layers":"all","heads":{"digits":10,"spam":2}},"seed":1}',
    ),
    (
        {"feature_not_known_at_prediction_time"},
        '{"project":"credit","data":{"target":"default","features":["income","age","days_past_due_after_default","collection_status"],"split":{"kind":"stratified","test":0.2,"validation":0.1}},"model":{"kind":"logistic_regression"},"evaluation":{"predict_at":"application","metric":"auc"},"seed":1}',
    ),
    (
        {"task_size_imbalance"},
        '{"data":{"tasks":{"kind":{"rows":50000},"damage":{"rows":700}}},"model":{"kind":"shared_cnn","heads":{"kind":12,"damage":2}},"training":{"task_weights":{"kind":1,"damage":1},"epochs":10},"evaluation":{"metric":{"kind":"macro_f1","damage":"recall"}},"seed":1}',
    ),
    (
        {"feature_selection_on_all_data", "preprocessing_fit_on_all_data"},
        "model:\n  name: xgboost\n  params: {learning_rate: 0.1, n_estimators: 300}\nvalidation:\n  strategy: holdout\n  holdout_fraction: 0.2\nfeature_engineering:\n  - impute: {strategy: mean, computed_on: full_data}\n  - scale: {type: standard, computed_on: train}\n  - select: {k: 10, by: anova, computed_on: full_data}",
    ),
    (
        {"search_scored_on_test", "preprocessing_fit_on_all_data", "resampling_before_split"},
        "cross_validation: {folds: 10, shuffle: true}\npreprocessing:\n  smote: {apply_before_cv: true}\n  normalization: {inside_folds: false}\nhyperparameter_search: {n_iter: 100, refit_metric: accuracy, selection_set: test}",
    ),
    (
        {
            "no_early_stopping",
            "no_gradient_clipping",
            "no_seed",
            "random_split_of_time_series",
            "learning_rate_too_high",
        },
        "trainer:\n  max_epochs: 300\n  gradient_clip_val: null\n  callbacks: [ModelSummary]\nmodel: {_target_: models.GRUForecaster, hidden_dim: 256}\noptimizer: {_target_: torch.optim.SGD, lr: 3.0}\ndatamodule: {_target_: data.TS, window: 48, horizon: 12, split_strategy: random, val_ratio: 0.1, test_ratio: 0.1}\nseed: null",
    ),
    (
        {
            "test_used_for_selection",
            "upscaled_inputs",
            "augmentation_changes_labels",
            "learning_rate_too_high",
        },
        '{"lr": "3", "optimizer": "Adam", "dataset": "MNIST", "transforms": ["RandomRotation(180)", "ToTensor"], "metrics": "accuracy", "selectionMetric": "test_acc", "image_size": "224x224"}',
    ),
    (
        {"tasks_without_metric", "task_weights_unbalanced", "augmentation_conflicts_with_task"},
        "task: {type: multi-task, heads: [emotion, speaker]}\naugment:\n  - {type: PitchShift, semitones: 4}\nloss: {emotion: {weight: 1.0}, speaker: {weight: 500}}\nmetric: {emotion: f1}",
    ),
    (
        {"test_used_for_selection", "metric_hides_rare_classes", "split_ignores_groups", "unscaled_inputs"},
        "data: {csv: patients.csv, label: sepsis, id_column: patient_id, prevalence: 0.03}\nsplit: {train: 70, test: 30, how: random rows}\nmodel: {estimator: SVC, standardise: no}\nevaluate: {metric: accuracy, model_selection: test AUC}",
    ),
    (
        {"resampling_before_split", "feature_not_known_at_prediction_time"},
        "name: churn\nfeatures: {exclude: []}\nfeatures_list: [tenure, plan, cancellation_reason, last_call_outcome, churn_date]\ntarget: churn\npredict_at: end of month\nimbalance: SMOTE on the full dataset",
    ),
    (
        {
            "centred_window_sees_future",
            "target_at_lag_zero",
            "no_baseline",
            "mape_with_zero_targets",
            "random_split_of_time_series",
        },
        "forecast: {target: visitors, horizon: 7d}\nfeatures: {lag_days: [0, 7], rolling: {window: 7, centre: yes}}\nsplit: {kind: shuffled, test: 0.2}\nloss: MAPE\ncompare_to: null",
    ),
]
