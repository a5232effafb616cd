"""The names that a pickle may import without being called a program: an allow-list, and a list for words.

A pickle is a program whose only way out is to import a name and call it, so a list of what is harmless
decides, and everything that is not on it is told. A list of what is dangerous cannot be complete (the known
scanners were bypassed by one more module again and again); here it only chooses the words.

On the list: what PyTorch, NumPy, SciPy's sparse matrices, joblib, pandas and the standard library write to
rebuild plain data, the layers of ``torch.nn``, and scikit-learn's estimators. An estimator is made without
its constructor and takes its state as attributes, so loading it computes nothing; its *functions* are not on
the list, but for a few that only compute (COMPUTING), nor is anything below ``sklearn.utils`` or
``sklearn.datasets``. A project's own classes are not on it either: nobody here can know what they do.
"""

from __future__ import annotations

import re

_TORCH_TYPES = (
    "float16 float32 float64 bfloat16 float half double int8 int16 int32 int64 short int long uint8 uint16"
    " uint32 uint64 bool complex32 complex64 complex128 chalf cfloat cdouble qint8 quint8 qint32 quint4x2"
    " quint2x4 bits8 bits16 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu"
    " float4_e2m1fn_x2 strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged"
    " per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric"
    " per_channel_affine_float_qparams contiguous_format channels_last channels_last_3d preserve_format"
    " Size device dtype layout Tensor ScriptObject"
)
_STORAGES = (
    "Double Float Half BFloat16 Long Int Short Char Byte Bool ComplexDouble ComplexFloat QUInt8 QInt8 QInt32"
    " QUInt4x2 QUInt2x4 Untyped Typed"
)
_REBUILDERS = (
    "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state"
    " _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor"
    " _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy"
    " _rebuild_device_tensor_from_cpu_tensor _rebuild_wrapper_subclass"
)
_BUILTINS = (
    "set frozenset complex slice range bytearray bytes list dict tuple int float bool str object"
    " NotImplemented Ellipsis"
)
_NUMPY_TYPES = (
    "ndarray dtype matrix recarray record bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64"
    " float16 float32 float64 float128 longdouble complex64 complex128 str_ bytes_ void object_ datetime64"
    " timedelta64 int_ uint float_ intc longlong ulonglong"
)
_PANDAS = (
    "DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex"
    " CategoricalIndex Categorical Timestamp Timedelta Period Interval StringDtype CategoricalDtype"
    " DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype BooleanDtype Int8Dtype Int16Dtype Int32Dtype"
    " Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype Float64Dtype NA NaT"
)
_PANDAS_STEPS = (
    "Day Hour Minute Second Milli Micro Nano BusinessDay BDay Week MonthEnd MonthBegin BusinessMonthEnd"
    " QuarterEnd QuarterBegin YearEnd YearBegin"
)
_PANDAS_ARRAYS = (
    "StringArray DatetimeArray TimedeltaArray PeriodArray IntervalArray SparseArray IntegerArray"
    " FloatingArray BooleanArray NumpyExtensionArray"
)
_DATEUTIL_ZONES = "tzfile _ttinfo _tzfile tzutc tzoffset tzlocal"
_NUMPY_SUMS = "log log1p log2 log10 exp expm1 sqrt cbrt square abs absolute tanh sin cos sign rint floor ceil"
_STATISTICS = "mean median min max sum std var prod amin amax nanmean nanmedian"
_SELECTIONS = "f_classif f_regression f_oneway chi2 r_regression mutual_info_classif mutual_info_regression"
_HITS = (
    "accuracy_score balanced_accuracy_score f1_score precision_score recall_score jaccard_score"
    " matthews_corrcoef log_loss brier_score_loss"
)
_ERRORS = (
    "r2_score explained_variance_score max_error mean_squared_error root_mean_squared_error"
    " mean_absolute_error median_absolute_error mean_squared_log_error mean_absolute_percentage_error"
)
_KERNELS = "rbf_kernel linear_kernel polynomial_kernel cosine_similarity euclidean_distances"
_ACTIVATIONS = "relu relu6 gelu silu mish elu selu celu leaky_relu softplus hardswish hardtanh logsigmoid"
_COLUMNS = "OrderedDict defaultdict Counter deque ChainMap"
_DATES = "datetime date time timedelta timezone"
_PATHS = "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath"
_SCRIPT_REBUILDERS = (
    "build_intlist build_doublelist build_boollist build_tensorlist build_tensor_from_id restore_type_tag"
)
_BIT_GENERATORS = "MT19937 PCG64 PCG64DXSM Philox SFC64"
# What Stable-Baselines3 keeps of a model beside its tensors: spaces, policies, buffers, schedules.
_SPACES = (
    "box.Box discrete.Discrete multi_binary.MultiBinary multi_discrete.MultiDiscrete dict.Dict tuple.Tuple"
)
_POLICIES = "DQN SAC TD3"
_AGENTS: dict[str, frozenset[str]] = {
    **{
        f"{home}.spaces.{module}": frozenset({name})
        for home in ("gymnasium", "gym")
        for module, name in (one.split(".") for one in _SPACES.split())
    },
    "stable_baselines3.common.policies": frozenset(
        {"ActorCriticPolicy", "ActorCriticCnnPolicy", "MultiInputActorCriticPolicy"}
    ),
    **{
        f"stable_baselines3.{one.lower()}.policies": frozenset(
            {f"{one}Policy", "MlpPolicy", "CnnPolicy", "MultiInputPolicy"}
        )
        for one in _POLICIES.split()
    },
    "stable_baselines3.common.buffers": frozenset(
        {"RolloutBuffer", "ReplayBuffer", "DictRolloutBuffer", "DictReplayBuffer"}
    ),
    "stable_baselines3.her.her_replay_buffer": frozenset({"HerReplayBuffer"}),
    "stable_baselines3.common.utils": frozenset({"FloatSchedule", "ConstantSchedule", "LinearSchedule"}),
    "stable_baselines3.common.type_aliases": frozenset({"TrainFreq", "TrainFrequencyUnit"}),
    "stable_baselines3.common.noise": frozenset({"NormalActionNoise", "OrnsteinUhlenbeckActionNoise"}),
    "stable_baselines3.common.torch_layers": frozenset(
        {"FlattenExtractor", "NatureCNN", "CombinedExtractor"}
    ),
}

# Functions that estimators keep as attributes, by name: what columns were chosen, searches scored or kernels
# measured by. They compute with arrays and touch nothing else.
COMPUTING: dict[str, frozenset[str]] = {
    **{
        f"sklearn.feature_selection.{module}": frozenset(_SELECTIONS.split())
        for module in ("_univariate_selection", "univariate_selection", "_mutual_info", "mutual_info_")
    },
    "sklearn.metrics._classification": frozenset(_HITS.split()),
    "sklearn.metrics._ranking": frozenset({"roc_auc_score", "average_precision_score"}),
    "sklearn.metrics._regression": frozenset(_ERRORS.split()),
    "sklearn.metrics.pairwise": frozenset(_KERNELS.split()),
    "sklearn.cluster._kmeans": frozenset({"_kmeans_single_lloyd", "_kmeans_single_elkan"}),
    "scipy._lib.array_api_compat.numpy._aliases": frozenset({"asarray"}),
}

PLAIN: dict[str, frozenset[str]] = {
    "builtins": frozenset(_BUILTINS.split()),
    "__builtin__": frozenset(f"{_BUILTINS} long unicode xrange".split()),
    "collections": frozenset(_COLUMNS.split()),
    "datetime": frozenset(_DATES.split()),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "array": frozenset({"array", "_array_reconstructor"}),
    "zoneinfo": frozenset({"ZoneInfo", "ZoneInfo._unpickle"}),
    "dateutil.tz.tz": frozenset(_DATEUTIL_ZONES.split()),
    "pytz": frozenset({"_p", "_UTC", "FixedOffset", "_FixedOffset"}),
    "pathlib": frozenset(_PATHS.split()),
    "copyreg": frozenset({"_reconstructor", "__newobj__"}),
    "copy_reg": frozenset({"_reconstructor"}),
    "_codecs": frozenset({"encode"}),
    "types": frozenset({"SimpleNamespace"}),
    "argparse": frozenset({"Namespace"}),
    "numpy": frozenset([*_NUMPY_TYPES.split(), *_NUMPY_SUMS.split(), *_STATISTICS.split()]),
    "numpy.rec": frozenset({"recarray", "record"}),
    "numpy.ma": frozenset({"MaskedArray"}),
    "numpy.ma.core": frozenset({"_mareconstruct", "MaskedArray", "MaskedConstant"}),
    "numpy.random": frozenset({"RandomState", "Generator"}),
    "numpy.random.mtrand": frozenset({"RandomState"}),
    "numpy.random._pickle": frozenset(
        {"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"}
    ),
    "numpy.random.bit_generator": frozenset({"SeedSequence", "__pyx_unpickle_SeedSequence"}),
    **{
        f"numpy.random._{module}": frozenset(_BIT_GENERATORS.split())
        for module in ("mt19937", "pcg64", "philox", "sfc64")
    },
    "joblib.numpy_pickle": frozenset({"NumpyArrayWrapper"}),
    "sklearn.externals.joblib.numpy_pickle": frozenset({"NumpyArrayWrapper"}),
    "sklearn.utils._bunch": frozenset({"Bunch"}),
    "scipy.interpolate._bsplines": frozenset({"BSpline"}),
    **COMPUTING,
    **_AGENTS,
    "sklearn.tree._tree": frozenset({"Tree"}),
    "torch": frozenset([*_TORCH_TYPES.split(), *(f"{one}Storage" for one in _STORAGES.split())]),
    "torch.storage": frozenset(
        {"TypedStorage", "UntypedStorage", "_TypedStorage", "_UntypedStorage", "_load_from_bytes"}
    ),
    "torch._utils": frozenset(_REBUILDERS.split()),
    "torch._tensor": frozenset({"Tensor", "_rebuild_from_type_v2", "_rebuild_from_type"}),
    "torch.nn.parameter": frozenset({"Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"}),
    "torch.nn.functional": frozenset(_ACTIVATIONS.split()),  # kept by layers as attributes; they only compute
    "torch.utils.data.dataset": frozenset({"TensorDataset"}),
    "torch.serialization": frozenset({"_get_layout"}),
    "torch.jit._pickle": frozenset(_SCRIPT_REBUILDERS.split()),
    "pandas": frozenset(_PANDAS.split()),  # pandas 3 writes the names of its front door
    "pandas.arrays": frozenset(_PANDAS_ARRAYS.split()),
    "pandas.core.frame": frozenset({"DataFrame"}),
    "pandas.core.series": frozenset({"Series"}),
    "pandas.core.internals.managers": frozenset({"BlockManager", "SingleBlockManager"}),
    "pandas.core.internals.blocks": frozenset({"new_block"}),
    "pandas.core.indexes.base": frozenset({"Index", "_new_Index"}),
    "pandas.core.indexes.range": frozenset({"RangeIndex"}),
    "pandas.core.indexes.multi": frozenset({"MultiIndex"}),
    "pandas.core.indexes.datetimes": frozenset({"DatetimeIndex", "_new_DatetimeIndex"}),
    "pandas.core.indexes.timedeltas": frozenset({"TimedeltaIndex"}),
    "pandas.core.indexes.period": frozenset({"PeriodIndex", "_new_PeriodIndex"}),
    "pandas.core.indexes.interval": frozenset({"IntervalIndex", "_new_IntervalIndex"}),
    "pandas.core.indexes.category": frozenset({"CategoricalIndex"}),
    "pandas.core.arrays.categorical": frozenset({"Categorical"}),
    "pandas.core.arrays.string_": frozenset({"StringArray", "StringDtype"}),
    "pandas.core.arrays.datetimes": frozenset({"DatetimeArray"}),
    "pandas.core.arrays.timedeltas": frozenset({"TimedeltaArray"}),
    "pandas.core.arrays.period": frozenset({"PeriodArray"}),
    "pandas.core.arrays.interval": frozenset({"IntervalArray"}),
    "pandas.core.arrays.sparse.array": frozenset({"SparseArray"}),
    "pandas.core.arrays.boolean": frozenset({"BooleanArray", "BooleanDtype"}),
    "pandas.core.arrays.integer": frozenset(
        ["IntegerArray", *(f"{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64))]
    ),
    "pandas.core.arrays.floating": frozenset({"FloatingArray", "Float32Dtype", "Float64Dtype"}),
    "pandas.core.dtypes.dtypes": frozenset(
        {"CategoricalDtype", "DatetimeTZDtype", "PeriodDtype", "IntervalDtype", "SparseDtype"}
    ),
    "pandas._libs.tslibs.offsets": frozenset(_PANDAS_STEPS.split()),
    "pandas._libs.internals": frozenset({"_unpickle_block"}),
    "pandas._libs.arrays": frozenset({"__pyx_unpickle_NDArrayBacked"}),
    "pandas._libs.tslibs.timestamps": frozenset({"_unpickle_timestamp", "Timestamp"}),
    "pandas._libs.tslibs.timedeltas": frozenset({"_timedelta_unpickle", "Timedelta"}),
    "pandas._libs.tslibs.nattype": frozenset({"_nat_unpickle", "NaTType"}),
    "pandas._libs.tslibs.period": frozenset({"Period"}),
    "pandas._libs.interval": frozenset({"__pyx_unpickle_IntervalMixin", "Interval"}),
    "pandas._libs.sparse": frozenset({"IntIndex", "BlockIndex"}),
    "pandas._libs.missing": frozenset({"NA", "NAType"}),
}  # fmt: skip

_ESTIMATORS = (
    "linear_model tree ensemble svm naive_bayes neighbors cluster decomposition preprocessing pipeline"
    " compose impute feature_extraction feature_selection model_selection neural_network gaussian_process"
    " discriminant_analysis calibration isotonic kernel_ridge kernel_approximation mixture manifold"
    " multiclass multioutput random_projection covariance cross_decomposition dummy semi_supervised _loss"
)
# Families whose classes are many and whose modules move from version to version. Only names that are spelt
# like a class: a function could compute, a class is made without running its constructor.
_FAMILIES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"sklearn\.(?:{'|'.join(_ESTIMATORS.split())})(?:\.\w+)*\._?[A-Z]\w*",
        r"sklearn\.metrics\._dist_metrics\.(?:[A-Z]\w*|newObj)",
        r"sklearn\.metrics\._scorer\._?[A-Z]\w*",
        r"sklearn\._loss\._loss\.__pyx_unpickle_Cy[A-Z]\w*",  # Cython's own: makes the class, sets its fields
        r"sklearn\.neighbors\._(?:kd_tree|ball_tree)\.newObj",
        r"torch\.nn\.modules(?:\.\w+)+\.[A-Z]\w*",
        r"torch\.optim(?:\.\w+)*\.[A-Z]\w*",
        # quantised layers, their observers and stubs; before PyTorch 2 without "ao"
        r"torch\.(?:ao\.)?nn\.(?:quantized|quantizable|intrinsic|qat|sparse)(?:\.\w+)+\.[A-Z]\w*",
        r"torch\.(?:ao\.)?quantization\.(?:stubs|observer|fake_quantize)"
        r"\.[A-Z]\w*(?:Observer|FakeQuantize|Stub|QuantWrapper)",
        r"numpy\.dtypes\.\w+DType",
        r"numpy\.(?:core|_core)\.multiarray\.(?:_reconstruct|scalar)",
        r"numpy\.(?:core|_core)\.numeric\._frombuffer",
        r"scipy\.sparse(?:\._?\w+)?\.(?:csr|csc|coo|bsr|dia|dok|lil)_(?:matrix|array)",
        r"__torch__(?:\.\w+)*\.\w+",  # names inside a TorchScript archive, which Python never imports
    )
)

# What modules of these families only import: a pickle names a class by its own module, never by these.
_BORROWED = frozenset(
    {"Any", "Callable", "NamedTuple", "Parallel", "ParamSpec", "StringIO", "TypedDict", "TypeVar"}
)

# Only for the words of the report: what these run is known, what others run is not.
_RUNNING = (
    "os posix nt subprocess sys socket runpy pty shutil importlib imp marshal ctypes _ctypes webbrowser code"
    " codeop pdb bdb timeit cProfile profile trace asyncio urllib http httplib ftplib smtplib requests"
    " aiohttp pickle _pickle cPickle dill cloudpickle multiprocessing threading _thread signal gc inspect"
    " builtins __builtin__ operator _operator functools types platform commands popen2 pip ensurepip venv"
    " distutils setuptools pydoc pkgutil zipimport ssl tempfile glob io _io fileinput linecache idlelib"
    " lib2to3 doctest unittest test mailcap telnetlib nturl2path antigravity bpdb ipdb nose numpy torch"
)
DANGEROUS = frozenset(_RUNNING.split())


def allowed(module: str, name: str) -> bool:
    """Whether importing and calling this name only rebuilds data."""
    if name in PLAIN.get(module, ()):
        return True
    full = f"{module}.{name}"
    if "." in name or name in _BORROWED:
        return False
    return any(family.fullmatch(full) for family in _FAMILIES)


def dangerous(module: str) -> bool:
    return module.partition(".")[0] in DANGEROUS
