"""Questions to the files: is everything there, and as it was written?"""

from __future__ import annotations

import hashlib

from nst_export.saved_model.fingerprint import read_fingerprint
from nst_export.saved_model.messages import fingerprint_pb2
from nst_export.saved_model.variables_index import OBJECT_GRAPH
from nst_export.saved_model.version_folder import VARIABLES_FOLDER
from nst_export.toolkit.signatures import loose_ends
from nst_export.toolkit.variables import VALUE, stored_variables, wants_variables
from nst_export.toolkit.words import bytes_in_words
from nst_export.verification.finding import COPY_AGAIN, EXPORT_AGAIN, DoesNotApply, Finding, judged, no, yes
from nst_export.verification.subject import Subject

VARIABLES = f"{VARIABLES_FOLDER}/variables"  # begins the names of all files with variables


def graph_is_readable(subject: Subject) -> Finding:
    """It is there, whole, and has signatures."""
    graph = subject.graph
    if "serve" not in graph.meta_info_def.tags:
        tags = ", ".join(graph.meta_info_def.tags) or "none"
        return no(f"no graph has the tag serve, which servers look for; tags: {tags}", EXPORT_AGAIN)
    if not subject.signatures:
        return no("it has no signatures: a server can call nothing", "Save it with `signatures=`.")
    faults = loose_ends(graph)
    if faults:
        return judged([fault.rstrip(".") for fault in faults], "", EXPORT_AGAIN)
    nodes = sum(len(function.node_def) for function in graph.graph_def.library.function) + len(graph.graph_def.node)
    return yes(
        f"{len(subject.signatures)} signatures, {nodes:,} ops, written by {graph.meta_info_def.tensorflow_version}"
    )


def files_are_there(subject: Subject) -> Finding:
    """Variables' table, its shards at full length, and assets."""
    files = subject.files
    _, faults = stored_variables(subject.folder, subject.graph)
    there = {file.path for file in files}
    assets = (asset.filename for asset in subject.graph.asset_file_def)
    faults += [f"assets/{name} is missing" for name in assets if f"assets/{name}" not in there]
    size = bytes_in_words(sum(file.bytes for file in files))
    return judged([fault.rstrip(".") for fault in faults], f"{len(files)} files, {size}", COPY_AGAIN)


def fingerprint_fits(subject: Subject) -> Finding:
    """TensorFlow's own checksums, of the graph and of the table of variables."""
    stored = read_fingerprint(subject.folder)
    if stored is None:
        raise DoesNotApply("there is no fingerprint.pb: TensorFlow 2.11 and older wrote none")
    from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting

    found = fingerprint_pb2.FingerprintDef.FromString(fingerprinting.CreateFingerprintDef(str(subject.folder)))
    faults = []
    if stored.version.producer == found.version.producer and stored.saved_model_checksum != found.saved_model_checksum:
        faults.append("saved_model.pb is another one than was written")
    if stored.checkpoint_hash != found.checkpoint_hash:
        faults.append("variables.index is another one than was written")
    return judged(faults, f"{stored.saved_model_checksum:016x}", COPY_AGAIN)


def variables_are_whole(subject: Subject) -> Finding:
    """Each is read, which compares its checksum, and each number is finite."""
    if not wants_variables(subject.graph):
        raise DoesNotApply("the graph has no variables")
    import numpy as np
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(subject.folder / VARIABLES))
    faults, numbers = [], 0
    for name, shape in sorted(reader.get_variable_to_shape_map().items()):
        if name == OBJECT_GRAPH:
            continue
        try:
            value = np.asarray(reader.get_tensor(name))
        except tf.errors.OpError as error:
            faults.append(f"{name.removesuffix(VALUE)}: {error.message.splitlines()[0]}")
            continue
        numbers += int(np.prod(shape))
        if value.dtype.kind == "f" or value.dtype == tf.bfloat16.as_numpy_dtype:
            bad = int(np.count_nonzero(~np.isfinite(value.astype(np.float32))))
            faults += [f"{name.removesuffix(VALUE)} has {bad:,} values that are not finite"] if bad else []
    return judged(faults, f"{numbers:,} numbers, all finite, with the checksums that were written", COPY_AGAIN)


def weights_are_the_cards(subject: Subject) -> Finding:
    """The digest of the numbers themselves, as `nst_export.weights.weights_sha256` makes it."""
    card = subject.card
    if card.precision != "float32":
        raise DoesNotApply(f"the digest is of the weights before they became {card.precision}")
    import numpy as np
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(subject.folder / VARIABLES))
    digest, count = hashlib.sha256(), 0
    while reader.has_tensor(key := f"network_weights/{count}{VALUE}"):
        digest.update(np.asarray(reader.get_tensor(key)).astype("<f4").tobytes())
        count += 1
    source, stated = (card.weights.get(name) for name in ("source", "sha256"))
    if digest.hexdigest() != stated:
        reason = f"the card says {source} with SHA-256 {str(stated)[:12]}..., these are {digest.hexdigest()[:12]}..."
        return no(reason, EXPORT_AGAIN)
    return yes(f"{source}, {count} tensors, SHA-256 {str(stated)[:12]}...")
