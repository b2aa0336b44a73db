"""The artefact: one picture by every road that loads a SavedModel, and nothing in it that a server lacks."""

from __future__ import annotations

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from nst_graph.options import options_for
from nst_graph.signatures import SIGNATURES
from tests.conftest import picture
from tests.unset_options import unset_options

ITERATIONS = 4

# What TensorFlow 2.19 has, without XLA, Python functions or files other than the checkpoint's.
ALLOWED_OPS = frozenset(  # a list of literals would fill two screens
    """
    Abs AddN AddV2 All Any ArgMax ArgMin AsString Assert AssignVariableOp AvgPool AvgPoolGrad BatchMatMulV2 BiasAdd
    BiasAddGrad Bitcast BitwiseOr BroadcastGradientArgs BroadcastTo Case Cast Ceil Cholesky ClipByValue ConcatV2
    Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput Cumsum DecodeJpeg DecodePng DecodeRaw DisableCopyOnRead
    DivNoNan DynamicStitch Einsum EmptyTensorList EncodePng EnsureShape Equal ExpandDims ExtractJpegShape Fill
    Fingerprint FloorDiv FloorMod GatherV2 Greater GreaterEqual Identity IdentityN If IsFinite LeftShift Less
    LessEqual LogicalAnd LogicalNot LogicalOr MatMul MatrixDiagPartV3 MatrixDiagV3 MatrixSetDiagV3
    MatrixTriangularSolve Max MaxPool MaxPoolGrad Maximum Mean MergeV2Checkpoints Min Minimum MirrorPad
    MirrorPadGrad Mul Neg NoOp NotEqual OnesLike Pack Pad PartitionedCall Placeholder PlaceholderWithDefault Pow
    Prod Range Rank ReadVariableOp RealDiv ReduceJoin Relu ReluGrad Reshape RestoreV2 ReverseV2 Round Rsqrt SaveV2
    ScaleAndTranslate Select SelectV2 SelfAdjointEigV2 SerializeTensor Shape ShapeN ShardedFilename Sign Size Slice
    Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall StatelessCase StatelessIf StatelessRandomNormalV2
    StatelessRandomUniformFullIntV2 StatelessWhile StaticRegexFullMatch StopGradient StridedSlice StridedSliceGrad
    StringJoin StringLength StringSplitV2 StringToNumber Sub Substr Sum TensorListGetItem TensorListPushBack
    TensorListReserve TensorListSetItem TensorListStack TensorScatterUpdate Tile Transpose Unpack VarHandleOp Where
    While ZerosLike
    """.split()  # noqa: SIM905
)
CHECKPOINT_FUNCTIONS = ("__inference__traced_save", "__inference__traced_restore")


@pytest.fixture(scope="module")
def version_dir(tiny_model_dir):
    return tiny_model_dir / "1"


@pytest.fixture(scope="module")
def pictures():
    return {"content": picture(48, 64, seed=1), "style": picture(56, 40, seed=2)}


@pytest.fixture(scope="module")
def expected(version_dir, pictures):
    """What the attribute of the loaded module returns."""
    module = tf.saved_model.load(str(version_dir))
    results = module.stylize(pictures["content"], pictures["style"], ITERATIONS)
    return {name: value.numpy() for name, value in results.items()}


@pytest.fixture
def session(version_dir):
    """The model in a session, as TensorFlow Serving loads it, and its signatures."""
    with tf.Graph().as_default():
        session = tf.compat.v1.Session()
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(version_dir))
    yield session, meta_graph.signature_def
    session.close()


@pytest.fixture(scope="module")
def meta_graph(version_dir):
    return saved_model_pb2.SavedModel.FromString((version_dir / "saved_model.pb").read_bytes()).meta_graphs[0]


def run_signature(session, inputs, name="serving_default"):
    session, signatures = session
    feeds = {signatures[name].inputs[key].name: value for key, value in inputs.items()}
    return session.run({key: info.name for key, info in signatures[name].outputs.items()}, feeds)


def assert_same_results(results, expected):
    image, losses = np.asarray(results["image"]), np.asarray(results["losses"])
    assert image.dtype == np.uint8
    assert image.shape == expected["image"].shape
    np.testing.assert_allclose(image.astype(int), expected["image"].astype(int), atol=1)
    np.testing.assert_allclose(losses, expected["losses"], rtol=1e-3)


def test_the_picture_is_a_new_one(expected, pictures):
    assert expected["losses"].shape == (ITERATIONS, 4)
    assert expected["losses"][-1, 0] < expected["losses"][0, 0]
    assert np.abs(expected["image"].astype(int) - pictures["content"]).mean() > 2


@pytest.mark.slow
def test_the_default_signature_gives_the_same_picture(version_dir, pictures, expected):
    module = tf.saved_model.load(str(version_dir))
    inputs = {name: tf.constant(value) for name, value in pictures.items()}
    results = module.signatures["serving_default"](**inputs, iterations=tf.constant(ITERATIONS), **unset_options())
    assert_same_results(results, expected)


def test_a_session_gives_the_same_picture_without_the_optional_inputs(session, pictures, expected):
    assert_same_results(run_signature(session, {**pictures, "iterations": ITERATIONS}), expected)


@pytest.mark.slow
def test_a_keras_layer_gives_the_same_picture(version_dir, pictures, expected):
    layer = keras.layers.TFSMLayer(str(version_dir), call_endpoint="stylize")
    content, style = (tf.constant(pictures[name]) for name in ("content", "style"))
    results = layer(content, style=style, iterations=tf.constant(ITERATIONS))
    assert_same_results(results, expected)


def test_a_loaded_module_that_nobody_holds_is_freed(version_dir):
    module = tf.saved_model.load(str(version_dir))
    graphs = [weakref.ref(function.graph) for function in module.stylize.concrete_functions]
    assert graphs
    del module
    gc.collect()
    assert [graph() for graph in graphs] == [None] * len(graphs)


@pytest.mark.slow
def test_saved_model_cli_shows_every_signature_and_its_inputs(run_python, version_dir, session):
    command = ["-m", "tensorflow.python.tools.saved_model_cli", "show", "--dir", version_dir, "--all"]
    finished = run_python(*command, TF_CPP_MIN_LOG_LEVEL="3")
    assert finished.returncode == 0, finished.stderr
    for name, signature in session[1].items():
        assert f"signature_def['{name}']:" in finished.stdout
        for tensor in (*signature.inputs, *signature.outputs):
            assert f"'{tensor}'] tensor_info" in finished.stdout


@pytest.mark.slow
def test_saved_model_cli_gives_the_same_picture(run_python, version_dir, tmp_path, pictures, expected):
    np.save(tmp_path / "content.npy", pictures["content"])
    np.savez(tmp_path / "rest.npz", style=pictures["style"], iterations=np.int32(ITERATIONS))
    rest = tmp_path / "rest.npz"
    inputs = f"content={tmp_path / 'content.npy'};style={rest}[style];iterations={rest}[iterations]"
    command = ["-m", "tensorflow.python.tools.saved_model_cli", "run", "--dir", version_dir, "--tag_set", "serve"]
    options = ["--signature_def", "serving_default", "--inputs", inputs, "--outdir", tmp_path]
    finished = run_python(*command, *options, TF_CPP_MIN_LOG_LEVEL="3")
    assert finished.returncode == 0, finished.stderr
    assert_same_results({name: np.load(tmp_path / f"{name}.npy") for name in ("image", "losses")}, expected)


@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row.name)
def test_a_signature_has_the_inputs_of_its_row_and_defaults_for_the_options(meta_graph, row):
    signature = meta_graph.signature_def[row.served_as]
    expected = {name: value.numpy() for name, value in unset_options(row.reads).items()} if row.takes_options else {}
    assert set(signature.inputs) == {*row.inputs, *expected}
    assert set(signature.defaults) == set(expected)
    for name, value in expected.items():
        default = tf.make_ndarray(signature.defaults[name])
        assert (default.tolist(), default.shape) == (np.asarray(value).tolist(), np.asarray(value).shape)


def test_signatures_are_those_of_the_contract(meta_graph):
    names = set(meta_graph.signature_def) - {"__saved_model_init_op"}
    assert names == {*(row.served_as for row in SIGNATURES), "evaluate", "describe"}
    for name in names:
        assert meta_graph.signature_def[name].method_name == "tensorflow/serving/predict"


def test_inputs_and_outputs_have_the_types_and_shapes_of_the_contract(meta_graph):
    signature = meta_graph.signature_def["serving_default"]
    tensors = {**signature.inputs, **signature.outputs}
    kinds = {name: (tf.as_dtype(t.dtype).name, [d.size for d in t.tensor_shape.dim]) for name, t in tensors.items()}
    assert kinds == {
        "content": ("uint8", [-1, -1, 3]),
        "style": ("uint8", [-1, -1, 3]),
        "iterations": ("int32", []),
        **{option.name: (option.dtype, [side or -1 for side in option.shape]) for option in options_for("pixels")},
        "image": ("uint8", [-1, -1, 3]),
        "losses": ("float32", [-1, 4]),
    }


def test_no_op_is_outside_the_fixed_set(meta_graph):
    graph = meta_graph.graph_def
    ops = {node.op for node in graph.node} | {n.op for function in graph.library.function for n in function.node_def}
    assert {"Conv2D", "While"} <= ops
    assert ops <= ALLOWED_OPS, sorted(ops - ALLOWED_OPS)


def test_nothing_is_to_be_compiled_by_xla(meta_graph):
    graph = meta_graph.graph_def
    attributes = {key for function in graph.library.function for key in function.attr}
    attributes |= {key for node in graph.node for key in node.attr}
    attributes |= {key for function in graph.library.function for node in function.node_def for key in node.attr}
    assert "_output_shapes" in attributes
    assert [key for key in attributes if "xla" in key.lower() or "jit" in key.lower()] == []


def test_no_device_is_pinned_except_for_reading_the_checkpoint(meta_graph):
    graph = meta_graph.graph_def
    pinned = [node for node in graph.node if node.device]
    assert {node.op for node in pinned} <= {"Const"}  # the checkpoint's path
    others = [f for f in graph.library.function if not f.signature.name.startswith(CHECKPOINT_FUNCTIONS)]
    assert len(others) > 10
    assert [node.name for function in others for node in function.node_def if node.device] == []
