"""SavedModels as other people make them: each function writes one into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.export.verification.planting import graph_of

Maker = Callable[[Path], None]


def keras_functional(folder: Path) -> None:
    picture = keras.Input((8, 8, 3), name="picture")
    hidden = keras.layers.Conv2D(4, 3, name="edges")(picture)
    score = keras.layers.Dense(2, name="score")(keras.layers.Flatten()(hidden))
    keras.Model(picture, score).export(folder, verbose=False)


def keras_with_preprocessing(folder: Path) -> None:
    number = keras.Input((3,), name="number")
    scaled = keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])(number)
    keras.Model(number, keras.layers.Dense(1)(scaled)).export(folder, verbose=False)


def session_of_old(folder: Path) -> None:
    """As TensorFlow 1 wrote it: variables in the graph itself, no functions and no objects."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3], name="x")
        weight = tf.compat.v1.get_variable("layer/weight", [3, 2], use_resource=False)
        y = tf.matmul(x, weight, name="y")
        session.run(tf.compat.v1.global_variables_initializer())
        signature = tf.compat.v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = tf.compat.v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["train"])
        builder.add_meta_graph(["serve"], signature_def_map={"predict": signature})
        builder.save()


def many_signatures(folder: Path) -> None:
    """One signature after the other, one with defaults of several types and one with a loop."""
    factor, words, times = tf.constant(0.1), tf.constant(["a", "b"]), tf.constant(3, tf.int64)
    specs = (
        tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([], tf.float32, "factor"),
        tf.TensorSpec([2], tf.string, "words"), tf.TensorSpec([], tf.int64, "times"),
    )  # fmt: skip

    @tf.function(input_signature=specs)
    def scaled(x, factor=factor, words=words, times=times):
        return {"y": x * factor * tf.cast(times, tf.float32), "said": tf.strings.reduce_join(words)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="count")])
    def counted(count):
        return {"sum": tf.while_loop(lambda i, _: i < count, lambda i, s: (i + 1, s + i), (0, 0))[1]}

    module = tf.Module()
    module.scaled, module.counted = scaled, counted
    tf.saved_model.save(module, folder, signatures={"scaled": scaled, "counted": counted})


class Lengths(tf.Module):
    """Texts in, numbers out, and a ragged tensor on the way."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def lengths(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        words = tf.strings.split(texts)
        return {"words": words.row_lengths(), "letters": tf.strings.length(texts)}


def texts_and_ragged(folder: Path) -> None:
    module = Lengths()
    tf.saved_model.save(module, folder, signatures=module.lengths)


class Lookup(tf.Module):
    """A table, which is no variable, and a file of words with it."""

    def __init__(self, words: Path) -> None:
        rows = tf.lookup.TextFileInitializer(
            str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.table = tf.lookup.StaticHashTable(rows, -1)

    @tf.function(input_signature=[tf.TensorSpec(None, tf.string, name="word")])
    def number(self, word: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"number": self.table.lookup(word)}


def table_with_words(folder: Path) -> None:
    words = folder.parent / f"{folder.name}-words.txt"
    folder.parent.mkdir(parents=True, exist_ok=True)
    words.write_text("one\ntwo\n")
    module = Lookup(words)
    tf.saved_model.save(module, folder, signatures={"serving_default": module.number})


def no_signatures(folder: Path) -> None:
    module = tf.Module()
    module.kept = tf.Variable([1.0, 2.0], name="kept")
    tf.saved_model.save(module, folder)


class HugeConstant(tf.Module):
    """Weights in the graph itself."""

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def shifted(self, x: tf.Tensor) -> tf.Tensor:
        return x + tf.constant(np.arange(2_000_000, dtype=np.float32))


def huge_constant(folder: Path) -> None:
    module = HugeConstant()
    tf.saved_model.save(module, folder, signatures=module.shifted)


def sharded_variables(folder: Path) -> None:
    module = tf.Module()
    module.rows = [tf.Variable(tf.ones([100, 100]), name=f"row{number}") for number in range(12)]
    policy = tf.train.experimental.MaxShardSizePolicy(max_shard_size=50_000)
    tf.saved_model.save(module, folder, options=tf.saved_model.SaveOptions(experimental_sharding_callback=policy))


def partly_broken(folder: Path) -> None:
    """One signature of two leads to a node that a careless optimiser has taken out."""
    many_signatures(folder)
    with graph_of(folder) as graph:
        graph.signature_def["counted"].outputs["sum"].name = "optimised_away:0"


WHOLE: Mapping[str, Maker] = {
    maker.__name__: maker
    for maker in (
        keras_functional, keras_with_preprocessing, session_of_old, many_signatures, texts_and_ragged,
        table_with_words, no_signatures, huge_constant, sharded_variables,
    )
}  # fmt: skip
MAKERS: Mapping[str, Maker] = {**WHOLE, "partly_broken": partly_broken}
