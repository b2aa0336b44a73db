// Style transfer from Node over gRPC, on any TensorFlow Serving: JPEG or PNG files in, a PNG file out.
//
//   npm install
//   python ../descriptors.py > descriptors.bin
//   node stylize.js localhost:8500 photo.jpg painting.jpg out.png 200 512
//
// The last two are the iterations and the longest side in pixels, of which 0 keeps the pictures' sizes. The model is
// called nst, or as the variable MODEL_NAME says.
import { readFileSync, writeFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const MAX_BYTES = 256 * 1024 * 1024; // the library's own limit for an answer is 4 MiB, which is a small PNG
const DEADLINE_SECONDS = 3600;

const [address, content, style, output, iterations, size] = process.argv.slice(2);
if (!size) {
  console.error("usage: node stylize.js HOST:PORT CONTENT STYLE OUTPUT ITERATIONS SIZE");
  process.exit(2);
}

const descriptors = readFileSync(new URL("descriptors.bin", import.meta.url));
const { tensorflow } = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(descriptors, { keepCase: true }),
);
const file = (name) => ({ dtype: "DT_STRING", tensor_shape: {}, string_val: [readFileSync(name)] });
const number = (text) => ({ dtype: "DT_INT32", tensor_shape: {}, int_val: [Number(text)] });

const client = new tensorflow.serving.PredictionService(address, grpc.credentials.createInsecure(), {
  "grpc.max_send_message_length": MAX_BYTES,
  "grpc.max_receive_message_length": MAX_BYTES,
});
// A map that was loaded from a descriptor set is the list of its entries.
const inputs = Object.entries({
  content_bytes: file(content),
  style_bytes: file(style),
  iterations: number(iterations),
  size: number(size),
}).map(([key, value]) => ({ key, value }));
const request = {
  model_spec: { name: process.env.MODEL_NAME ?? "nst", signature_name: "stylize_encoded" },
  inputs,
};
client.Predict(request, { deadline: Date.now() + 1000 * DEADLINE_SECONDS }, (error, response) => {
  if (error) {
    console.error(error.details); // bad input is refused in the model's words
    process.exitCode = 1;
  } else {
    const { value } = response.outputs.find(({ key }) => key === "image_bytes");
    writeFileSync(output, value.string_val[0]);
    console.log(output);
  }
  client.close();
});
