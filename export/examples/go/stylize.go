// Style transfer from Go over gRPC, on any TensorFlow Serving: JPEG or PNG files in, a PNG file out.
//
//	python ../descriptors.py > descriptors.bin
//	./generate.sh
//	go mod init stylize && go mod tidy && go build
//	./stylize localhost:8500 photo.jpg painting.jpg out.png 200 512
//
// The last two are the iterations and the longest side in pixels, of which 0 keeps the pictures' sizes. The model is
// called nst, or as the variable MODEL_NAME says. generate.sh needs protoc, protoc-gen-go and protoc-gen-go-grpc.
//
// Without modules, on Debian: install golang-go, golang-google-grpc-dev, golang-github-golang-protobuf-1-5-dev,
// protoc-gen-go and protoc-gen-go-grpc, let this folder be ~/go/src/stylize, and build it by
//
//	GO111MODULE=off GOPATH=$HOME/go:/usr/share/gocode go build
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"stylize/serving"
	"stylize/tensorflow"
)

const (
	maxBytes = 256 << 20 // the library's own limit for an answer is 4 MiB, which is a small PNG
	deadline = time.Hour
)

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: stylize HOST:PORT CONTENT STYLE OUTPUT ITERATIONS SIZE")
		os.Exit(2)
	}
	output := os.Args[4]
	image, err := stylize(os.Args[1], os.Args[2], os.Args[3], os.Args[5], os.Args[6])
	if err == nil {
		err = os.WriteFile(output, image, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, status.Convert(err).Message()) // bad input is refused in the model's words
		os.Exit(1)
	}
	fmt.Println(output)
}

// stylize returns a PNG file's bytes.
func stylize(address, content, style, iterations, size string) ([]byte, error) {
	inputs := map[string]*tensorflow.TensorProto{}
	for name, path := range map[string]string{"content_bytes": content, "style_bytes": style} {
		bytes, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		inputs[name] = scalar(tensorflow.DataType_DT_STRING)
		inputs[name].StringVal = [][]byte{bytes}
	}
	for name, text := range map[string]string{"iterations": iterations, "size": size} {
		number, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		inputs[name] = scalar(tensorflow.DataType_DT_INT32)
		inputs[name].IntVal = []int32{int32(number)}
	}
	sizes := grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(maxBytes), grpc.MaxCallRecvMsgSize(maxBytes))
	connection, err := grpc.Dial(address, grpc.WithInsecure(), sizes)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	model := os.Getenv("MODEL_NAME")
	if model == "" {
		model = "nst"
	}
	response, err := serving.NewPredictionServiceClient(connection).Predict(ctx, &serving.PredictRequest{
		ModelSpec: &serving.ModelSpec{Name: model, SignatureName: "stylize_encoded"},
		Inputs:    inputs,
	})
	if err != nil {
		return nil, err
	}
	return response.Outputs["image_bytes"].StringVal[0], nil
}

func scalar(dtype tensorflow.DataType) *tensorflow.TensorProto {
	return &tensorflow.TensorProto{Dtype: dtype, TensorShape: &tensorflow.TensorShapeProto{}}
}
