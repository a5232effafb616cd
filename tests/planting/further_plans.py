# ruff: noqa: E501 - plans stand as their owners would write them
"""More plans in free spellings: those with a risk, and sound ones that may get nothing above low."""

FURTHER: list[tuple[str, str]] = [
    (
        "preprocessing_fit_on_all_data",
        "preprocessing: {normalizer: StandardScaler, applied: before train/test split}\nmodel: MLP",
    ),
    ("preprocessing_fit_on_all_data", "imputation: {strategy: knn, uses: all available data including test}"),
    ("preprocessing_fit_on_all_data", "feature_scaling: {type: robust, fit_scope: global}"),
    (
        "preprocessing_fit_on_all_data",
        "data_prep: [{action: fill missing with mean}, {action: standardize}, {action: split into train and test}]",
    ),
    ("preprocessing_fit_on_all_data", "transformers: {pca: {n_components: 10, fit: entire_dataset}}"),
    ("preprocessing_fit_on_all_data", '{"scaler":{"name":"MinMaxScaler","fitOnTrainOnly":false}}'),
    ("vocabulary_fit_on_all_data", "tokenizer: {kind: bpe, vocab_size: 8000, trained_on: train+val+test}"),
    ("vocabulary_fit_on_all_data", "tfidf: {fit: all_documents}"),
    (
        "target_encoding_fit_on_all_data",
        "categorical: {encoding: leave-one-out target encoding, computed_on: full table}",
    ),
    ("target_encoding_fit_on_all_data", "features: {woe: {scope: all rows}}"),
    ("feature_selection_on_all_data", "gene_selection: {method: anova f-test, top: 50, data: all samples}"),
    (
        "feature_selection_on_all_data",
        "pipeline: select best 30 features > 5-fold cross validation > random forest",
    ),
    ("test_used_for_selection", "early_stopping: {patience: 10, metric: test_loss}"),
    ("test_used_for_selection", "model_checkpoint: {monitor: test/acc, mode: max}"),
    ("test_used_for_selection", "train: data/train.csv\nvalidation: data/test.csv\ntest: data/test.csv"),
    ("test_used_for_selection", "best_epoch_selected_by: test set accuracy"),
    ("test_used_for_selection", "decision_threshold: {optimised_on: test}"),
    ("search_scored_on_test", "hyperparameters: {search: bayesian, n_trials: 60, objective: test_auc}"),
    ("search_scored_on_test", "ray_tune: {num_samples: 40, metric: test_accuracy, mode: max}"),
    ("search_scored_on_test", "GridSearchCV: {param_grid: {C: [1,2]}, evaluate_with: (X_test, y_test)}"),
    (
        "reported_on_tuning_split",
        "evaluation: {final_metric_from: validation, early_stopping_on: validation}",
    ),
    ("reported_on_tuning_split", "evaluation: {report_on: train}"),
    (
        "too_many_trials_for_validation",
        "data: {n_train: 200, n_val: 40, n_test: 40}\nsearch: {kind: random, trials: 1000}",
    ),
    ("resampling_before_split", "class_balance: {method: ADASYN, order: prior to splitting}"),
    ("resampling_before_split", "data: {balance: {how: random oversampling, on: full dataset}}"),
    ("test_resampled", "oversampling: {kind: smote, splits: [train, val, test]}"),
    ("test_resampled", "balance_test_set: true"),
    ("augmented_copies_across_split", "augmentation: {offline: true, timing: before_splitting, factor: 10}"),
    ("augmented_copies_across_split", "split_after_augmentation: yes\naugmentation: {rotation: 5}"),
    (
        "augmentation_changes_labels",
        "project: classify mirror-image letters b d p q\naugmentation: [hflip, crop]",
    ),
    (
        "augmentation_changes_labels",
        "task: left vs right hand classification\naugment: {RandomHorizontalFlip: {p: 0.5}}",
    ),
    (
        "augmentation_changes_labels",
        "dataset: mnist\ndata_augmentation: {random_rotation: 0.5, random_flip: horizontal_and_vertical}",
    ),
    ("augmentation_changes_labels", "labels: [arrow_left, arrow_right]\naugmentation: {flip: horizontal}"),
    (
        "augmentation_changes_labels",
        "project: musical key detection\naugment: {pitch_shift_semitones: [-3, 3]}",
    ),
    (
        "augmentation_conflicts_with_task",
        "targets: [breed, facing_direction]\naugmentation: {horizontal_flip: true}",
    ),
    ("augmentation_conflicts_with_task", "target: tilt_angle\nloss: mse\naugmentation: {rotation: 20}"),
    (
        "augmentation_conflicts_with_task",
        "tasks: {object: cls, size: reg}\naugmentation: {random_scale: [0.5, 2.0]}",
    ),
    ("random_split_of_time_series", "data: {time: date, target: sales}\nsplit: random 80/20"),
    (
        "random_split_of_time_series",
        "goal: predict tomorrow's energy load\nvalidation: {method: k-fold, folds: 5, shuffle: true}",
    ),
    ("random_split_of_time_series", "series: {time_column: ts}\ntest_split: {fraction: 0.2, mode: shuffled}"),
    ("split_ignores_groups", "data: {subject_id_column: sid}\ncv: {splitter: KFold, n_splits: 5}"),
    ("split_ignores_groups", "recordings: {speaker_column: spk}\nsplit: {type: random}"),
    ("split_not_stratified", "problem: binary classification\nsplit: {kind: random, test: 0.3, val: 0.1}"),
    ("centred_window_sees_future", "features: {smoothed: {method: savgol, window: 11}}\nforecast_horizon: 1"),
    ("centred_window_sees_future", "time: t\nfeatures: {rolling: {window: 5, closed: both, center: 'true'}}"),
    ("centred_window_sees_future", "time: t\nfillna: backfill\nhorizon: 3"),
    ("target_at_lag_zero", "lags: {from: 0, to: 24}\ntarget: load"),
    ("target_at_lag_zero", "time: hour\nfeatures: {target_lags: '0,1,2'}"),
    ("feature_not_known_at_prediction_time", "prediction_moment: at booking\nfeatures: '*'\ntarget: no_show"),
    (
        "feature_not_known_at_prediction_time",
        "features: {numeric: [age, final_grade], categorical: [school]}\ntarget: dropout\npredict_at: enrolment",
    ),
    ("target_missing_for_cancelled", "target: arrival_delay_minutes\nmodel: LightGBM"),
    (
        "season_not_covered",
        "split: {train: [2021-03-01, 2021-08-31], test: [2021-11-01, 2021-12-31], kind: time}",
    ),
    ("test_too_small", "rows: 150\nsplit: {train: 80%, val: 10%, test: 10%}"),
    ("no_validation_split", "split: {train: 0.8, test: 0.2}\nearly_stopping: {patience: 5}\nepochs: 100"),
    ("single_split_no_interval", "runs: 1\nsplit: {test: 0.2, val: 0.1}"),
    ("metric_hides_rare_classes", "label: machine_failure\nmetrics: [accuracy]\ntask: classification"),
    ("metric_hides_rare_classes", "class_distribution: {0: 0.98, 1: 0.02}\nmetric: accuracy"),
    ("accuracy_only", "task: image classification\neval: {metrics: Accuracy}"),
    ("mape_with_zero_targets", "target: units\nevaluation: {primary: MAPE, metrics: [MAPE]}"),
    (
        "tasks_without_metric",
        "model: {heads: {age: 1, sex: 2, race: 5}}\nevaluation: {metrics: {age: mae, sex: accuracy}}",
    ),
    ("task_weights_unbalanced", "multi_task: {weights: {detection: 1, depth: 500}}"),
    ("task_weights_unbalanced", "tasks: [a_cls, b_reg]\nloss_weights: [1.0, 0.001]"),
    ("task_size_imbalance", "tasks: {sentiment: {n_samples: 100k}, sarcasm: {n_samples: 1200}}"),
    (
        "unrelated_tasks_fully_shared",
        "tasks: [{name: churn, input: customer.csv}, {name: xray, input: scans/images}]\nparameter_sharing: full",
    ),
    (
        "model_too_large_for_data",
        "model: {name: vit_large_patch16, pretrained: false}\ntrain_images: 1200\nrows: 1200",
    ),
    (
        "more_features_than_rows",
        "expression: {n_features: 22000, n_samples: 60}\nmodel: logistic regression without penalty\npenalty: none",
    ),
    ("learning_rate_too_high", "optim: {type: adam, learning_rate: 1}"),
    ("learning_rate_too_high", "finetune: {base_model: gpt2-medium, lr: 1e-2}"),
    ("learning_rate_too_high", "sgd: {lr: 10, momentum: 0.9}\nepochs: 5"),
    ("learning_rate_too_low", "optimizer: SGD\nlr: 1e-9"),
    ("learning_rate_too_low", "booster: {eta: 0.0005, rounds: 50}\nmodel: xgb"),
    ("no_early_stopping", "model: {kind: mlp}\noptimizer: adam\ntraining: {epochs: 3000}"),
    ("no_gradient_clipping", "architecture: LSTM seq2seq\nclip_grad: off\nlr: 0.001"),
    ("no_seed", "reproducibility: {seed: none}"),
    ("no_seed", "random_state: null\nmodel: rf"),
    ("no_baseline", "baselines: []\nmetric: f1"),
    ("no_baseline", "comparison: none\nmetric: auc"),
    (
        "pretrained_normalisation_missing",
        "backbone: {name: resnet18, pretrained: true}\npreprocessing: {normalization: none}",
    ),
    ("pretrained_normalisation_missing", "model: vgg16\nweights: imagenet\nrescale: 1/255\nmean: [0, 0, 0]"),
    (
        "domain_gap_of_pretraining",
        "task: sketch recognition\nmodel: {arch: efficientnet_b0, weights: ImageNet}",
    ),
    (
        "domain_gap_of_pretraining",
        "project: ultrasound of the thyroid\nmodel: {arch: resnet50, pretrained: imagenet, freeze_backbone: true}",
    ),
    ("upscaled_inputs", "images: {original_resolution: 48x48}\ninput_resolution: 384"),
    ("unscaled_inputs", "algorithm: k-nearest neighbours\nscaler: null"),
    ("unscaled_inputs", "clf: {name: SVC, kernel: rbf}\nfeature_scaling: false"),
    (
        "preprocessing_fit_on_all_data",
        "etl:\n  standardization:\n    computed_from: the complete dataset\nmodel: logistic regression",
    ),
    ("preprocessing_fit_on_all_data", "prep: {impute_missing: median over all samples}"),
    ("preprocessing_fit_on_all_data", "outlier_removal: {method: iqr, before_split: true}"),
    ("vocabulary_fit_on_all_data", "nlp: {word_index: {built_on: all texts}, vectorizer: tfidf}"),
    (
        "target_encoding_fit_on_all_data",
        "category_encoder: {name: CatBoostEncoder, fit_data: train_and_test}",
    ),
    (
        "feature_selection_on_all_data",
        "variable_selection: {by: mutual information, performed: before cross-validation}",
    ),
    ("feature_selection_on_all_data", "feature_selection: {lasso: {alpha: 0.1}, on: complete data}"),
    ("test_used_for_selection", "selection: {criterion: f1, split: test}"),
    ("test_used_for_selection", "train: {early_stopping: {on: test, patience: 4}}"),
    ("test_used_for_selection", "xgb: {early_stopping_rounds: 30, evals: [train, test]}"),
    ("test_used_for_selection", "pick_checkpoint: highest test accuracy"),
    ("test_used_for_selection", "lr_scheduler: {name: ReduceLROnPlateau, monitor: test_loss}"),
    ("search_scored_on_test", "tuner: {type: hyperband, max_trials: 100, objective: test_mae}"),
    ("search_scored_on_test", "sweep: {count: 80, metric: {name: test/f1, goal: maximize}}"),
    (
        "reported_on_tuning_split",
        "results: {reported_on: validation}\nsearch: {trials: 20, scored_on: validation}",
    ),
    (
        "too_many_trials_for_validation",
        "dataset: {samples: 250}\nsplit: {val: 0.2, test: 0.2}\nhpo: {n_trials: 400}",
    ),
    ("resampling_before_split", "sampling: {upsample_minority: true, when: before_train_test_split}"),
    ("resampling_before_split", "steps:\n  - {do: SMOTE}\n  - {do: split 80/20}\n  - {do: train}"),
    ("test_resampled", "undersampling: {applies_to: train and test}"),
    ("augmented_copies_across_split", "augmentation_stage: before split\naugmentation: [rotate, blur]"),
    ("augmented_copies_across_split", "pipeline: {order: [augment, shuffle, split, train]}"),
    ("augmentation_changes_labels", "project: license plate reader\ntransforms: [{name: VerticalFlip}]"),
    ("augmentation_changes_labels", "title: arrow direction classifier\naugment: {mirror: true}"),
    ("augmentation_changes_labels", "dataset: emnist letters\naugmentation: {rotation_degrees: 180}"),
    (
        "augmentation_changes_labels",
        "project: instrument recognition\naudio_aug: {PitchShift: {min: -5, max: 5}}",
    ),
    (
        "augmentation_conflicts_with_task",
        "outputs: [fruit_type, ripeness]\naugmentation: [{ColorJitter: 0.5}]",
    ),
    (
        "augmentation_conflicts_with_task",
        "heads: {species: 12, pose_angle: 1}\ntraining: {augmentation: {random_rotation: 90}}",
    ),
    (
        "augmentation_conflicts_with_task",
        "tasks: {sharpness: {}, scene: {}}\naugmentations: {gaussian_blur: 0.3}",
    ),
    (
        "random_split_of_time_series",
        "data: {timestamp_column: ts, target: y}\nvalidation: {kind: random_split, size: 0.2}",
    ),
    (
        "random_split_of_time_series",
        "project: stock return forecast\ntrain_test_split: {test_size: 0.25, random_state: 1}",
    ),
    (
        "split_ignores_groups",
        "meta: {patient_column: pid}\nsplit: {method: stratified, ratio: [0.8, 0.1, 0.1]}",
    ),
    (
        "split_not_stratified",
        "loss: cross_entropy\nn_classes: 12\nsplit: {strategy: random, test: 0.2, valid: 0.1}",
    ),
    ("test_too_small", "n_rows: 500\nsplit: {test: 5%, val: 15%}"),
    ("no_validation_split", "optimizer: adam\nepochs: 200\nsplit: {kind: random, train: 0.9, test: 0.1}"),
    ("single_split_no_interval", "evaluation: {bootstrap: false, n_seeds: 1}\nsplit: {val: 0.1, test: 0.2}"),
    (
        "centred_window_sees_future",
        "date_column: d\nrolling_features: [{window: 7, func: mean, center: true}]",
    ),
    ("centred_window_sees_future", "time_index: t\nfeature_shift: -1\nfeatures: {shift: [-1, 1]}"),
    ("target_at_lag_zero", "forecast_horizon: 3\nlag_features: [0, 1, 2, 3]"),
    (
        "feature_not_known_at_prediction_time",
        "target: loan_default\nmade_at: application\nprediction_time: application\ninputs: [salary, n_missed_payments_after, recovered_amount]",
    ),
    (
        "feature_not_known_at_prediction_time",
        "predict_at: before surgery\nfeature_columns: all\nlabel: complication",
    ),
    ("target_missing_for_cancelled", "data: {target: delivery_time_min, table: orders}\nmetric: rmse"),
    ("season_not_covered", "train_period: 2020-01 to 2020-06\ntest_period: 2020-07 to 2020-09"),
    ("metric_hides_rare_classes", "counts: {normal: 9950, attack: 50}\nevaluation_metric: accuracy"),
    ("metric_hides_rare_classes", "minority_share: 2%\nscoring: accuracy\ntask: classification"),
    ("accuracy_only", "classifier: SVC\nevaluate_by: accuracy\nmetrics: [accuracy_score]"),
    ("mape_with_zero_targets", "y: rainfall_mm\nscorer: neg_mean_absolute_percentage_error"),
    ("no_baseline", "baseline_model: none"),
    ("tasks_without_metric", "outputs: [price, rooms]\nevaluation: {metric: {price: mae}}"),
    ("task_weights_unbalanced", "losses: [{name: seg, weight: 1.0}, {name: depth, weight: 0.002}]"),
    (
        "task_size_imbalance",
        "datasets: {ner: {sentences: 150000}, relations: {sentences: 900}}\nmodel: multi-task bert",
    ),
    (
        "unrelated_tasks_fully_shared",
        "shared_trunk: true\ntasks: [{id: a, name: speech, data: wav/}, {id: b, name: credit, data: credit.csv}]",
    ),
    (
        "model_too_large_for_data",
        "n_samples: 300\ninput_dim: 10\nmodel: {type: nn, layer_sizes: [500, 500, 500]}",
    ),
    ("model_too_large_for_data", "rows: 900\nmodel: {name: bert-large, fine_tune: full}\nlr: 2e-5"),
    ("more_features_than_rows", "n_observations: 90\nn_predictors: 4000\nmodel: ols"),
    ("learning_rate_too_high", "model: {lm: llama, base_model: llama-7b}\nlora: {r: 8}\nlr: 0.1"),
    ("learning_rate_too_high", "train: {optimizer: RMSprop, lr: 0.9}"),
    ("learning_rate_too_low", "adam: {lr: 1e-9}\nepochs: 3\noptimizer: adam"),
    ("no_early_stopping", "xgboost: {n_estimators: 10000, learning_rate: 0.3, early_stopping_rounds: null}"),
    ("no_early_stopping", "keras: {model: dense, optimizer: adam, epochs: 1000}"),
    ("no_gradient_clipping", "rnn: {cell: gru, units: 256}\nmodel: gru\nmax_grad_norm: 0\nlr: 1e-3"),
    ("no_seed", "rng_seed: null\nmodel: cnn"),
    (
        "pretrained_normalisation_missing",
        "feature_extractor: {weights: imagenet}\nmodel: inception_v3\nnormalise_inputs: false",
    ),
    (
        "domain_gap_of_pretraining",
        "project: handwritten digits\nmodel: {backbone: densenet121, pretrained: imagenet}",
    ),
    ("upscaled_inputs", "dataset: fashion-mnist\nimage_size: 224"),
    ("unscaled_inputs", "model: {name: mlp, scaling: false}"),
    (
        "preprocessing_fit_on_all_data",
        '{"model":{"kind":"svm","imputer":{"kind":"median","fit_on":"train_and_test"},"scaler":{"kind":"standard","fit_on":"train"}}}',
    ),
    ("preprocessing_fit_on_all_data", '{"data":{"normalise":{"statistics":"whole_dataset"}}}'),
    ("preprocessing_fit_on_all_data", '{"preprocess":{"pca":{"components":20,"fitted":"before splitting"}}}'),
    (
        "vocabulary_fit_on_all_data",
        '{"model":{"kind":"naive_bayes","vocabulary":{"fit_on":"all"},"ngrams":2}}',
    ),
    (
        "target_encoding_fit_on_all_data",
        '{"model":{"target_encoding":{"columns":["origin","carrier"],"fit_on":"all"}}}',
    ),
    ("feature_selection_on_all_data", '{"features":{"select_k_best":{"k":12,"fit_on":"all"}}}'),
    ("test_used_for_selection", '{"training":{"early_stopping":{"monitor":"test_loss","patience":3}}}'),
    ("test_used_for_selection", '{"training":{"checkpoint":"best_on_test"}}'),
    (
        "reported_on_tuning_split",
        '{"evaluation":{"report_on":"validation","tune_on":"validation","metric":"f1"}}',
    ),
    ("search_scored_on_test", '{"training":{"search":{"kind":"grid","trials":120,"scored_on":"test"}}}'),
    (
        "too_many_trials_for_validation",
        '{"data":{"rows":344,"split":{"kind":"stratified","test":0.2,"validation":0.1}},"training":{"search":{"kind":"random","trials":500,"scored_on":"validation"}}}',
    ),
    ("resampling_before_split", '{"data":{"resample":{"kind":"smote","when":"before_split"}}}'),
    (
        "test_resampled",
        '{"data":{"resample":{"kind":"oversample_minority","when":"after_split","parts":"all"}}}',
    ),
    ("test_resampled", '{"data":{"resample":{"kind":"undersample_majority","apply_to":"test"}}}'),
    (
        "augmented_copies_across_split",
        '{"data":{"split":{"kind":"random","after_augmentation":true}},"training":{"augmentation":{"copies":3}}}',
    ),
    (
        "augmentation_changes_labels",
        '{"project":"sign language letters","training":{"augmentation":{"vertical_flip":0.5}}}',
    ),
    (
        "augmentation_conflicts_with_task",
        '{"model":{"heads":{"digit":10,"pitch":5}},"training":{"augmentation":{"pitch_shift":2}}}',
    ),
    (
        "augmentation_conflicts_with_task",
        '{"data":{"targets":["colour","cut"]},"training":{"augmentation":{"hue":0.2}}}',
    ),
    ("random_split_of_time_series", '{"data":{"time":"time_hour","split":{"kind":"stratified","test":0.2}}}'),
    (
        "split_ignores_groups",
        '{"data":{"target":"species","group":"individual_id","split":{"kind":"random","test":0.25,"validation":0.1}}}',
    ),
    (
        "split_not_stratified",
        '{"data":{"target":"survived","classes":["yes","no"],"split":{"kind":"random","test":0.2,"validation":0.1}},"evaluation":{"metric":"f1"}}',
    ),
    (
        "centred_window_sees_future",
        '{"data":{"time":"t","features":{"rolling_std":{"window":6,"centered":true}}}}',
    ),
    (
        "centred_window_sees_future",
        '{"data":{"time":"t","features":{"moving_average":{"window":6,"align":"center"}}}}',
    ),
    ("target_at_lag_zero", '{"data":{"target":"temp","horizon":1,"features":{"lags":{"temp":[0,1]}}}}'),
    (
        "feature_not_known_at_prediction_time",
        '{"data":{"target":"readmission","features":["age","length_of_stay","discharge_code"]},"evaluation":{"predict_at":"on admission"}}',
    ),
    (
        "target_missing_for_cancelled",
        '{"data":{"target":"dep_delay","rows_without_target":"dropped silently"}}',
    ),
    (
        "season_not_covered",
        '{"data":{"time":"date","start":"2022-01-01","end":"2022-12-31","split":{"kind":"time","cut":"2022-10-01"}}}',
    ),
    (
        "season_not_covered",
        '{"data":{"split":{"kind":"time","train":["2013-01","2013-06"],"test":["2013-07","2013-08"]}}}',
    ),
    ("test_too_small", '{"data":{"rows":1300,"split":{"kind":"stratified","test":0.02,"validation":0.1}}}'),
    (
        "no_validation_split",
        '{"data":{"split":{"kind":"stratified","test":0.2}},"training":{"epochs":40,"optimizer":"adam"}}',
    ),
    (
        "single_split_no_interval",
        '{"data":{"rows":340,"split":{"kind":"stratified","test":0.2,"validation":0.1}},"training":{"runs":1}}',
    ),
    (
        "metric_hides_rare_classes",
        '{"data":{"class_counts":{"none":1061,"flare":5}},"evaluation":{"metric":"accuracy"}}',
    ),
    ("accuracy_only", '{"model":{"kind":"logistic_regression"},"evaluation":{"metric":"accuracy"}}'),
    ("mape_with_zero_targets", '{"data":{"target":"precip"},"evaluation":{"metric":"mape"}}'),
    (
        "tasks_without_metric",
        '{"data":{"targets":["c_class","m_class","x_class"]},"evaluation":{"metric":{"c_class":"f1","m_class":"f1"}}}',
    ),
    (
        "task_weights_unbalanced",
        '{"model":{"heads":{"a":2,"b":3}},"training":{"task_weights":{"a":0.001,"b":10}}}',
    ),
    (
        "task_size_imbalance",
        '{"model":{"heads":{"a":2,"b":3}},"data":{"rows_per_task":{"a":100000,"b":300}}}',
    ),
    (
        "unrelated_tasks_fully_shared",
        '{"model":{"kind":"shared_mlp","sharing":"full","heads":{"price":1,"species":3}},"data":{"tasks":{"price":"tabular/diamonds.csv.gz","species":"tabular/penguins_raw.csv"}}}',
    ),
    (
        "unrelated_tasks_fully_shared",
        '{"model":{"kind":"shared_cnn","shared":"all layers","heads":{"digit":10,"animal":10}},"data":{"tasks":{"digit":{"path":"images/digits.zip"},"animal":{"path":"images/animals.zip"}}}}',
    ),
    (
        "model_too_large_for_data",
        '{"data":{"rows":569},"model":{"kind":"mlp","hidden":[2048,2048]},"training":{"optimizer":"adam","epochs":20}}',
    ),
    (
        "more_features_than_rows",
        '{"data":{"rows":300,"features":{"count":5000}},"model":{"kind":"linear_regression"}}',
    ),
    (
        "learning_rate_too_high",
        '{"model":{"kind":"distilbert","pretrained":true},"training":{"optimizer":"adamw","learning_rate":0.05}}',
    ),
    ("learning_rate_too_low", '{"model":{"kind":"cnn"},"training":{"optimizer":"sgd","learning_rate":1e-7}}'),
    (
        "no_early_stopping",
        '{"model":{"kind":"mlp"},"training":{"optimizer":"adam","epochs":5000,"early_stopping":false}}',
    ),
    (
        "no_gradient_clipping",
        '{"model":{"kind":"rnn"},"training":{"optimizer":"sgd","learning_rate":0.1,"gradient_clipping":"none"}}',
    ),
    ("no_seed", '{"seed":null}'),
    ("no_baseline", '{"evaluation":{"baseline":false}}'),
    (
        "pretrained_normalisation_missing",
        '{"model":{"kind":"resnet50","pretrained":"imagenet","normalise":"0-1"}}',
    ),
    (
        "domain_gap_of_pretraining",
        '{"project":"x-ray of hands","model":{"kind":"resnet50","pretrained":"imagenet","normalise":"imagenet"}}',
    ),
    (
        "upscaled_inputs",
        '{"project":"animals","data":{"image_size":28},"model":{"kind":"vit","pretrained":"imagenet","input_size":224,"normalise":"imagenet"}}',
    ),
    ("unscaled_inputs", '{"model":{"kind":"knn","scaler":"none"}}'),
    ("test_used_for_selection", "training: {keep_best_by: test_f1}"),
    (
        "preprocessing_fit_on_all_data",
        "transform: {quantile: {n: 100}, fit_transform_on: train and test together}",
    ),
    ("random_split_of_time_series", "input: {datetime: stamp}\nsplits: {how: random, test: 15%}"),
    (
        "augmentation_changes_labels",
        "task: read seven-segment digits\nimage_augmentation: {rotate: 90, flip_left_right: true}",
    ),
    ("metric_hides_rare_classes", "target: rare_disease\nclass_ratio: '1:200'\nmetric: accuracy"),
    ("learning_rate_too_high", "hyperparams:\n  optimizer: adamw\n  lr: 2\n  wd: 0.01"),
    ("no_early_stopping", "fit_params: {epochs: 800, verbose: 0}\nmodel: lstm"),
    ("search_scored_on_test", "optuna_study: {n_trials: 50, objective: maximise accuracy on the test set}"),
    ("target_at_lag_zero", "autoregressive: {lags: '0..12'}\ntarget: co2"),
    ("centred_window_sees_future", "time: t\nsmooth: {kind: centered moving average, k: 5}"),
    ("split_ignores_groups", "data: {groups: hospital_stay}\nsplit: {shuffle: true, test_size: 0.2}"),
    ("task_weights_unbalanced", "multitask: {loss_weights: {cls: 0.0001, box: 1, mask: 1}}"),
    (
        "pretrained_normalisation_missing",
        "timm_model: resnet34\nmodel: resnet34\npretrained: true\ninput_normalization: off",
    ),
    (
        "model_too_large_for_data",
        "data: {n: 400, rows: 400}\nmodel: {type: mlp, hidden_units: 1024, n_layers: 4}",
    ),
    (
        "feature_not_known_at_prediction_time",
        "when_predicted: at check-in\npredict_at: check-in\nfeatures: [room, price, checkout_feedback, final_bill]\ntarget: satisfied",
    ),
    ("resampling_before_split", "balance_classes_before_split: true"),
    ("too_many_trials_for_validation", "n_samples: 500\nsplit: 70/10/20\nrandom_search: {n_iter: 600}"),
    (
        "reported_on_tuning_split",
        "final_report: {split: validation}\nearly_stopping: {monitor: val_loss}\nreport_on: validation",
    ),
    ("unscaled_inputs", "preprocessing: [drop_duplicates, one_hot]\nmodel: SVR"),
    ("upscaled_inputs", "data: {name: cifar100}\nmodel: {image_size: 224}"),
]

# Whole plans with several risks each.
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
