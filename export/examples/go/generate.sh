#!/bin/sh
# Writes TensorFlow Serving's protocol, from descriptors.bin in this folder, as the Go packages stylize/serving and
# stylize/tensorflow. Needs protoc and its plugins protoc-gen-go and protoc-gen-go-grpc.
set -eu
cd "$(dirname "$0")"

# The protocol's own files name no Go package, and TensorFlow's name packages that are published nowhere.
files=$(protoc --decode=google.protobuf.FileDescriptorSet google/protobuf/descriptor.proto <descriptors.bin |
  sed -n 's/^  name: "\(tensorflow.*\)"$/\1/p')
options=module=stylize
for file in $files; do
  case $file in
    tensorflow_serving/*) options=$options,"M$file=stylize/serving;serving" ;;
    *) options=$options,"M$file=stylize/tensorflow;tensorflow" ;;
  esac
done
# shellcheck disable=SC2086 # a word for each file
protoc --descriptor_set_in=descriptors.bin --go_out="$options:." --go-grpc_out="$options:." $files
