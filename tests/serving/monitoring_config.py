"""tensorflow.serving.MonitoringConfig, which the package tensorflow-serving-api does not ship.

Its fields are those of tensorflow_serving/config/monitoring_config.proto, the same at 2.19.1 and 2.20.0.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FieldType = descriptor_pb2.FieldDescriptorProto.Type

FILE = descriptor_pb2.FileDescriptorProto(name="monitoring_config.proto", package="tensorflow.serving", syntax="proto3")
PROMETHEUS = FILE.message_type.add(name="PrometheusConfig")
PROMETHEUS.field.add(name="enable", number=1, label=1, type=FieldType.TYPE_BOOL)
PROMETHEUS.field.add(name="path", number=2, label=1, type=FieldType.TYPE_STRING)
MONITORING = FILE.message_type.add(name="MonitoringConfig")
MONITORING.field.add(
    name="prometheus_config",
    number=1,
    label=1,
    type=FieldType.TYPE_MESSAGE,
    type_name=".tensorflow.serving.PrometheusConfig",
)

_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(FILE)
MonitoringConfig = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("tensorflow.serving.MonitoringConfig"))
