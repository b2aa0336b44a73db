"""A run's state as bytes that travel: the server keeps none of it.

A state is a vector of strings. The first is a header of words with a blank between them: the format, the number of
iterations done, what the state belongs to (`owner_of`), and a digest of all the rest. Each other string holds the raw
bytes, little endian, of one tensor of `LoopState`: the picture, then the optimiser's. Shapes are not stored: they
follow from the owner's sizes, which are the request's own. Nothing is parsed whose size the sender chooses.

The digest is FarmHash64: it finds damage, not forgery. A forged state can only spoil its own picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from nst_graph import validation
from nst_graph.kept import Kept
from nst_graph.loop import LoopState
from nst_graph.optimiser import RING_DTYPE, Memory

FAMILY = "nst-state/"  # no other software's bytes begin so
FORMAT = f"{FAMILY}4"
EARLIER_FORMATS = f"{FAMILY}[123]"  # as a regular expression
HEADER = f"{FAMILY}[ -~]+"  # fit to be quoted
MAX_HEADER_BYTES = 4096  # several times the longest that `write_state` makes
# Of one message, which is protobuf's limit, less a megabyte for what else stands in it. TensorFlow 2.21 does not refuse
# to serialise a tensor of more: the process ends.
MOST_BYTES = 2**31 - 2**20
ITERATION = "[0-9]{1,9}"  # fits into int32
MOST_ITERATIONS = 10**9 - 1

NUMBER = tf.TensorSpec([], tf.float32)
NUMBERS = tf.TensorSpec([None], tf.float32)
PICTURE = tf.TensorSpec([None, None, 3], tf.float32)
PICTURES = tf.TensorSpec([None, None, None, 3], tf.float32)
RING = tf.TensorSpec([None, None, None, 3], RING_DTYPE)
COUNT = tf.TensorSpec([], tf.int32)
SPECS = LoopState(PICTURE, COUNT, Kept(PICTURE, NUMBER), Memory(COUNT, NUMBERS, PICTURES, RING))

Owner = Mapping[str, tf.Tensor]  # string[] each, without blanks, by the name that a refusal calls it


def owner_of(request: NamedTuple, made_with: Mapping[str, str]) -> Owner:
    """What a run can only go on with: every leaf of its request, and what the model was made of.

    Args:
        request: a record of tensors and of mappings of tensors by name; `content` is uint8[height, width, 3].
        made_with: words without blanks, by name.
    """
    leaves = leaves_of(request)
    height, width = tf.unstack(tf.shape(leaves["content"])[:2])
    return {
        "size": tf.strings.join([tf.as_string(height), "x", tf.as_string(width)]),
        **{name: _word(leaf) for name, leaf in leaves.items()},
        **{name: tf.convert_to_tensor(word) for name, word in made_with.items()},
    }


def leaves_of(request: NamedTuple) -> dict[str, tf.Tensor]:
    """Every tensor of a record, by its own name."""
    leaves: dict[str, Any] = {}
    for name, value in request._asdict().items():
        leaves |= value if isinstance(value, Mapping) else {name: value}
    return leaves


def write_state(
    state: LoopState, owner: Owner, shapes: Callable[[tf.Tensor], LoopState], most_bytes: int = MOST_BYTES
) -> tf.Tensor:
    """A state as string[1 + number of its tensors].

    Args:
        state: of a run.
        owner: what it belongs to.
        shapes: the shape of each tensor of a state after so many iterations, int32[].
        most_bytes: a run is refused whose state at its last size takes more: there it would be lost.
    """
    check = _check_bytes(shapes(tf.constant(MOST_ITERATIONS)), most_bytes)
    parts = tf.stack([_raw_bytes(validation.behind(tensor, check)) for tensor in _stored(state)])
    words = tf.strings.join([FORMAT, tf.as_string(state.iteration), *owner.values()], separator=" ")
    header = tf.strings.join([words, _digest(words, parts)], separator=" ")
    return tf.concat([header[tf.newaxis], parts], axis=0)


def read_state(name: str, state_bytes: tf.Tensor, shapes: Callable[[tf.Tensor], LoopState], owner: Owner) -> LoopState:
    """The state that `write_state` wrote, bit for bit.

    Args:
        name: the input's name, for messages.
        state_bytes: string[any], from anybody.
        shapes: the shape of each tensor of a state after so many iterations, int32[].
        owner: what the state must belong to.
    """
    state_bytes = tf.ensure_shape(state_bytes, [None])
    words = _header_words(name, state_bytes, 3 + len(owner), 1 + len(_stored(SPECS)))
    parts = _undamaged_parts(name, state_bytes, words)
    with tf.control_dependencies([_owner_check(name, words[2:-1], owner, parts)]):
        parts = tf.identity(parts)
    iteration = _iteration(name, validation.behind(words[1], parts))
    expected = zip(_stored(SPECS), _stored(shapes(iteration)), strict=True)
    tensors = [_tensor(name, parts[index], *each) for index, each in enumerate(expected)]
    return _with_iteration(tensors, iteration)


def _stored(state: LoopState) -> list[Any]:
    """What stands behind the header, in which the iteration stands."""
    return [state.image, *state.kept, *state.memory]


def _with_iteration(stored: list[tf.Tensor], iteration: tf.Tensor) -> LoopState:
    image, picture, loss, *memory = stored
    return LoopState(image, iteration, Kept(picture, loss), Memory(*memory))


def _iteration(name: str, word: tf.Tensor) -> tf.Tensor:
    rule = f"{name}: must have a whole number of iterations, got "
    whole = tf.strings.regex_full_match(word, ITERATION)
    return tf.strings.to_number(validation.behind(word, validation.assertion(whole, rule, word)), tf.int32)


def _word(leaf: tf.Tensor) -> tf.Tensor:
    """What tells a tensor from any other of its shape: a number itself, else a fingerprint."""
    if leaf.dtype == tf.string:
        return leaf
    if leaf.shape.rank == 0 and leaf.dtype.is_floating:
        # Nine digits tell any two float32 apart; as many as `tf.as_string` writes by itself, six, do not.
        return tf.as_string(leaf, precision=9, shortest=True)
    if leaf.shape.rank == 0 and leaf.dtype.is_integer:
        return tf.as_string(leaf)
    return _fingerprint(tf.reshape(leaf, [-1]))


def _header_words(name: str, state_bytes: tf.Tensor, words: int, strings: int) -> tf.Tensor:
    """The header's words, string[`words`], of a state that has this format and `strings` strings."""
    header = tf.strings.reduce_join(state_bytes[:1])  # the empty string where there is none
    short = tf.strings.length(header) <= MAX_HEADER_BYTES
    ours = short & tf.strings.regex_full_match(tf.strings.substr(header, 0, MAX_HEADER_BYTES), HEADER)
    rule = f"{name}: must be what stylize_start or stylize_step returned, got "
    count, length = tf.as_string(tf.size(state_bytes)), tf.as_string(tf.strings.length(header))
    check = validation.assertion(ours, rule, count, " strings, the first of ", length, " bytes")
    header = validation.behind(header, check)
    # Not `tf.strings.split`, which brings a dozen ops along for ragged tensors.
    split = tf.raw_ops.StringSplitV2(input=header[tf.newaxis], sep=" ").values
    older = tf.strings.regex_full_match(split[0], EARLIER_FORMATS)
    rule = f"{name}: made by an older version: begin anew; the format must be {FORMAT}, got "
    split = validation.behind(split, validation.assertion(~older, rule, split[0]))
    rule = f"{name}: must be of the format {FORMAT}, got "
    split = validation.behind(split, validation.assertion(split[0] == FORMAT, rule, split[0]))
    whole = (tf.size(split) == words) & (tf.size(state_bytes) == strings)
    rule = f"{name}: must be whole, {strings} strings and {words} words in the first, got "
    got = [count, " strings and ", tf.as_string(tf.size(split)), " words"]
    # No `tf.ensure_shape` here: constant folding would take its shape for granted in the assertion before it.
    return validation.behind(split, validation.assertion(whole, rule, *got))


def _undamaged_parts(name: str, state_bytes: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
    """The strings behind the header."""
    with tf.control_dependencies([words]):
        parts = tf.identity(state_bytes[1:])
    digest = _digest(tf.strings.reduce_join(words[:-1], separator=" "), parts)
    rule = f"{name}: is damaged: its digest must be "
    return validation.behind(parts, validation.assertion(words[-1] == digest, rule, digest, ", got ", words[-1]))


def _owner_check(name: str, received: tf.Tensor, owner: Owner, behind: tf.Tensor) -> tf.Operation:
    """Names the first thing in which the state's owner differs."""
    with tf.control_dependencies([behind]):
        received = tf.identity(received)
    expected = tf.stack(list(owner.values()))
    same = received == expected
    first = tf.argmin(tf.cast(same, tf.int32))
    rule = [f"{name}: must come from a run with the same ", tf.constant(list(owner))[first]]
    return validation.assertion(tf.reduce_all(same), *rule, ", ", expected[first], ", got ", received[first])


def _tensor(name: str, raw: tf.Tensor, spec: tf.TensorSpec, shape: tf.Tensor) -> tf.Tensor:
    dtype = spec.dtype
    length = tf.cast(tf.strings.length(raw), tf.int64)
    wanted = tf.reduce_prod(tf.cast(shape, tf.int64)) * dtype.size
    rule = [f"{name}: must hold tensors of the size of the content, ", tf.as_string(wanted), " bytes, got "]
    raw = validation.behind(raw, validation.assertion(length == wanted, *rule, tf.as_string(length)))
    value = tf.io.decode_raw(raw, tf.uint16 if dtype == tf.bfloat16 else dtype)
    value = tf.ensure_shape(tf.reshape(tf.bitcast(value, dtype), shape), spec.shape)
    if not dtype.is_floating:
        return value
    rule = [f"{name}: must hold finite numbers, got some that are not: that run has diverged"]
    finite = tf.reduce_all(tf.math.is_finite(tf.cast(value, tf.float32)))
    return validation.behind(value, validation.assertion(finite, *rule))


def _raw_bytes(tensor: tf.Tensor) -> tf.Tensor:
    """The bytes of a tensor: string[]. They are the end of its TensorProto, the field tensor_content."""
    proto = tf.io.serialize_tensor(tensor)
    length = tf.size(tensor) * tensor.dtype.size
    return tf.strings.substr(proto, tf.strings.length(proto) - length, length)


def _check_bytes(last: LoopState, most: int) -> tf.Operation:
    """Of tensors of these shapes."""
    each = [
        tf.reduce_prod(tf.cast(shape, tf.int64)) * spec.dtype.size
        for spec, shape in zip(_stored(SPECS), _stored(last), strict=True)
    ]
    rule = (
        f"content: must be small enough for a state of at most {most} bytes, which a run in several calls sends, got "
    )
    size = tf.add_n(each)
    return validation.assertion(size <= most, rule, tf.as_string(size))


def _digest(words: tf.Tensor, parts: tf.Tensor) -> tf.Tensor:
    each = tf.raw_ops.Fingerprint(data=tf.concat([words[tf.newaxis], parts], axis=0), method="farmhash64")
    return _fingerprint(tf.reshape(each, [-1]))


def _fingerprint(values: tf.Tensor) -> tf.Tensor:
    """FarmHash64 of a vector's bytes, as a decimal number: string[]."""
    value = tf.raw_ops.Fingerprint(data=values[tf.newaxis], method="farmhash64")
    return tf.as_string(tf.bitcast(value, tf.int64)[0])
