"""Faults in the files of a version: damaged, missing, of another model, or lying."""

from __future__ import annotations

import numpy as np
from tensorflow.core.framework import types_pb2

from nst_export.saved_model.messages import fingerprint_pb2
from tests.export.verification.fault import fault
from tests.export.verification.planting import (
    change_card,
    change_variables,
    change_warmup,
    flip_a_bit,
    graph_of,
    other,
    write_fingerprint,
)  # fmt: skip

DATA = "variables/variables.data-00000-of-00001"
WARMUP = "assets.extra/tf_serving_warmup_requests"


@fault("graph", "there is no saved_model.pb")
def no_graph(folder):
    (folder / "saved_model.pb").unlink()


@fault("graph", "is damaged")
def a_truncated_graph(folder):
    data = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(data[: len(data) // 2])


@fault("graph", "no graph has the tag serve")
def a_graph_for_training_alone(folder):
    with graph_of(folder) as graph:
        graph.meta_info_def.tags[:] = ["train"]


@fault("graph", "it has no signatures")
def no_signatures(folder):
    with graph_of(folder) as graph:
        graph.signature_def.clear()


@fault("files", f"{DATA} is missing")
def a_removed_shard(folder):
    (folder / DATA).unlink()


@fault("files", f"{DATA} has 1,000 bytes")
def a_shard_cut_off(folder):
    (folder / DATA).write_bytes((folder / DATA).read_bytes()[:1000])


@fault("files", "variables.index is missing")
def a_removed_table_of_variables(folder):
    (folder / "variables" / "variables.index").unlink()


@fault("files", "checksum of the block")
def a_flipped_bit_in_the_table_of_variables(folder):
    flip_a_bit(folder / "variables" / "variables.index", 20)
    write_fingerprint(folder)


@fault("files", "leads nowhere")
def a_link_to_a_file_that_is_not_there(folder):
    (folder / "assets.extra" / "more").symlink_to(folder / "nowhere")


@fault("files", "assets/words.txt is missing")
def an_asset_that_was_not_copied(folder):
    with graph_of(folder) as graph:
        graph.asset_file_def.add(filename="words.txt")


@fault("fingerprint", "saved_model.pb is another one")
def a_flipped_bit_in_the_graph(folder):
    with graph_of(folder, fingerprint=False) as graph:
        graph.meta_info_def.tensorflow_git_version += "?"


@fault("fingerprint", "variables.index is another one")
def variables_of_another_export(folder):
    file = folder / "fingerprint.pb"
    stored = fingerprint_pb2.FingerprintDef.FromString(file.read_bytes())
    stored.checkpoint_hash ^= 1
    file.write_bytes(stored.SerializeToString())


@fault("variables", "Checksum does not match")
def a_flipped_bit_in_a_weight(folder):
    flip_a_bit(folder / DATA, 5000)


@fault("variables", "not finite")
def a_weight_that_is_no_number(folder):
    change_variables(folder, lambda value: np.where(np.arange(value.size).reshape(value.shape) == 3, np.nan, value))


@fault("weights", "the card says random:0")
def weights_of_another_network(folder):
    change_variables(folder, lambda value: value * 1.5)


@fault("card", "is not JSON")
def a_card_cut_off(folder):
    file = folder / "assets.extra" / "model_card.json"
    file.write_text(file.read_text()[:200])


@fault("card", "is not the card that `describe` answers with")
def a_card_of_another_model(folder):
    file = folder / "assets.extra" / "model_card.json"
    file.write_text(file.read_text().replace('"name": "tiny"', '"name": "large"'))


@fault("card", "it says bfloat16, and the convolutions are float32")
def a_card_that_lies_of_precision(folder):
    change_card(folder, precision="bfloat16")


@fault("card", "it says average pooling")
def a_card_that_lies_of_pooling(folder):
    change_card(folder, pooling="average")


@fault("card", "it says exclusive true")
def a_card_that_lies_of_execution(folder):
    change_card(folder, execution=lambda old: other(old, exclusive=True))


@fault("card", "it says TensorFlow 2.1.0")
def a_card_that_lies_of_tensorflow(folder):
    change_card(folder, versions=lambda old: other(old, tensorflow="2.1.0"))


@fault("warmup", "is damaged at byte")
def a_flipped_bit_in_the_warm_up_file(folder):
    flip_a_bit(folder / WARMUP, 100)


@fault("warmup", "there is no signature stylize_of_old")
def a_stale_warm_up_request(folder):
    def renamed(rows):
        rows.append(type(rows[0])())
        rows[-1].model_spec.signature_name = "stylize_of_old"

    change_warmup(folder, renamed)


@fault("warmup", "iterations is float32[], and must be int32[]")
def a_warm_up_request_of_the_wrong_type(folder):
    def floating(rows):
        (row,) = (row for row in rows if row.model_spec.signature_name == "serving_default")
        row.inputs["iterations"].dtype = types_pb2.DT_FLOAT

    change_warmup(folder, floating)


@fault("coverage", "none asks evaluate for all its outputs")
def a_signature_without_warm_up(folder):
    change_warmup(folder, lambda rows: [row for row in rows if row.model_spec.signature_name != "evaluate"])


@fault("coverage", "none asks serving_default for all its outputs")
def a_warm_up_of_other_outputs(folder):
    def filtered(rows):
        (row,) = (row for row in rows if row.model_spec.signature_name == "serving_default")
        row.output_filter.append("image")

    change_warmup(folder, filtered)


@fault("coverage", "there is no warm-up file")
def no_warm_up(folder):
    (folder / WARMUP).unlink()
