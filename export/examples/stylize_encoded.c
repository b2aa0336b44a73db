/* Style transfer from C, with TensorFlow's C API and nothing else: JPEG or PNG files in, a PNG file out.
 *
 *   tf=$(python -c "import tensorflow as tf; print(tf.sysconfig.get_lib())")
 *   gcc -O2 -o stylize_encoded stylize_encoded.c -I$tf/include -Wl,-rpath,$tf $tf/libtensorflow_cc.so.2 \
 *       $tf/libtensorflow_framework.so.2
 *   ./stylize_encoded models/nst/1 photo.jpg painting.jpg out.png 200 512
 *
 * The last two are the iterations and the longest side in pixels, of which 0 keeps the pictures' sizes. The library is
 * that of the pip package, or the one of TensorFlow's C download (-ltensorflow).
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

static void fail(const char* format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
  exit(1);
}

static void check(const TF_Status* status) {
  if (TF_GetCode(status) != TF_OK) fail("%s", TF_Message(status));
}

/* Bytes that belong to somebody else. */
typedef struct {
  const uint8_t* data;
  size_t size;
} Bytes;

static uint64_t take_number(Bytes* from) {
  uint64_t value = 0;
  for (int shift = 0; from->size && shift < 64; shift += 7) {
    uint8_t byte = *from->data++;
    from->size--;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value;
  }
  fail("The signatures of the model are damaged.");
  return 0;
}

/* Takes the next field off a protocol buffer: its number, and its content where it is a text or a message. */
static int take_field(Bytes* from, Bytes* content) {
  uint64_t key = take_number(from);
  uint64_t size = 0;
  content->size = 0;
  if ((key & 7) == 0) {
    take_number(from);
  } else {
    size = (key & 7) == 2 ? take_number(from) : (key & 7) == 1 ? 8 : 4;
  }
  if (size > from->size) fail("The signatures of the model are damaged.");
  content->data = from->data;
  content->size = size;
  from->data += size;
  from->size -= size;
  return (int)(key >> 3);
}

static int find_field(Bytes from, int number, Bytes* content) {
  while (from.size) {
    if (take_field(&from, content) == number) return 1;
  }
  return 0;
}

/* The value of a key in the map that is field `number` of a message. */
static Bytes find_entry(Bytes from, int number, const char* key) {
  Bytes entry, name, value;
  while (from.size) {
    if (take_field(&from, &entry) != number || !find_field(entry, 1, &name)) continue;
    if (name.size == strlen(key) && !memcmp(name.data, key, name.size) && find_field(entry, 2, &value)) return value;
  }
  fail("The model has no %s: is it an export of nst-serving?", key);
  return from;
}

/* Where a named input (1) or output (2) of a signature is in the graph: its TensorInfo's name is OPERATION:INDEX. */
static TF_Output find_tensor(TF_Graph* graph, Bytes signature, int inputs_or_outputs, const char* key) {
  Bytes name;
  char operation[512];
  TF_Output found = {NULL, 0};
  if (!find_field(find_entry(signature, inputs_or_outputs, key), 1, &name) || name.size >= sizeof operation) {
    fail("The signature's %s has no name in the graph.", key);
  }
  memcpy(operation, name.data, name.size);
  operation[name.size] = '\0';
  char* colon = strrchr(operation, ':');
  if (colon) {
    *colon = '\0';
    found.index = atoi(colon + 1);
  }
  found.oper = TF_GraphOperationByName(graph, operation);
  if (!found.oper) fail("The graph has no %s.", operation);
  return found;
}

static TF_Tensor* file_tensor(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail("%s cannot be read.", path);
  long size = ftell(file);
  char* bytes = size < 0 ? NULL : malloc((size_t)size + 1);
  rewind(file);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) fail("%s cannot be read.", path);
  fclose(file);
  TF_Tensor* tensor = TF_AllocateTensor(TF_STRING, NULL, 0, sizeof(TF_TString));
  TF_TString* text = TF_TensorData(tensor);
  TF_StringInit(text);
  TF_StringCopy(text, bytes, (size_t)size);
  free(bytes);
  return tensor;
}

static TF_Tensor* number_tensor(const char* text) {
  char* end;
  long number = strtol(text, &end, 10);
  if (*end || end == text || number < 0 || number > INT32_MAX) fail("%s must be a whole number, 0 or more.", text);
  TF_Tensor* tensor = TF_AllocateTensor(TF_INT32, NULL, 0, sizeof(int32_t));
  *(int32_t*)TF_TensorData(tensor) = (int32_t)number;
  return tensor;
}

static void write_file(const char* path, const TF_Tensor* tensor) {
  const TF_TString* text = TF_TensorData(tensor);
  size_t size = TF_StringGetSize(text);
  FILE* file = fopen(path, "wb");
  if (!file || fwrite(TF_StringGetDataPointer(text), 1, size, file) != size || fclose(file)) {
    fail("%s cannot be written.", path);
  }
}

int main(int count, char** arguments) {
  if (count != 7) fail("usage: %s MODEL CONTENT STYLE OUTPUT ITERATIONS SIZE", arguments[0]);
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Buffer* meta_graph = TF_NewBuffer();
  const char* tags[] = {"serve"};
  TF_Session* session =
      TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1, graph, meta_graph, status);
  check(status);

  Bytes signatures = {meta_graph->data, meta_graph->length}; /* field 5 of a MetaGraphDef */
  Bytes signature = find_entry(signatures, 5, "stylize_encoded");
  TF_Output inputs[] = {
      find_tensor(graph, signature, 1, "content_bytes"),
      find_tensor(graph, signature, 1, "style_bytes"),
      find_tensor(graph, signature, 1, "iterations"),
      find_tensor(graph, signature, 1, "size"),
  };
  TF_Tensor* values[] = {
      file_tensor(arguments[2]),
      file_tensor(arguments[3]),
      number_tensor(arguments[5]),
      number_tensor(arguments[6]),
  };
  TF_Output output = find_tensor(graph, signature, 2, "image_bytes");
  TF_Tensor* image = NULL;
  TF_SessionRun(session, NULL, inputs, values, 4, &output, &image, 1, NULL, 0, NULL, status);
  check(status); /* bad input is refused here, in words */
  write_file(arguments[4], image);
  puts(arguments[4]);

  TF_DeleteTensor(image);
  for (int index = 0; index < 4; index++) TF_DeleteTensor(values[index]);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteBuffer(meta_graph);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
