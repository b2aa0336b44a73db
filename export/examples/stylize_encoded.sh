#!/bin/sh
# Style transfer with curl, over the REST interface of any TensorFlow Serving: JPEG or PNG files in, a PNG file out.
#
#   ./stylize_encoded.sh localhost:8501 photo.jpg painting.jpg out.png 200 512
#
# The last two are the iterations and the longest side in pixels, of which 0 keeps the pictures' sizes. The model is
# called nst, or as the variable MODEL_NAME says.
set -eu
if [ $# -ne 6 ]; then
    echo "usage: $0 HOST:PORT CONTENT STYLE OUTPUT ITERATIONS SIZE" >&2
    exit 2
fi

encoded() { base64 "$1" | tr -d '\n'; }

request() {
    printf '{"signature_name": "stylize_encoded", "inputs": {"content_bytes": {"b64": "'
    encoded "$1"
    printf '"}, "style_bytes": {"b64": "'
    encoded "$2"
    printf '"}, "iterations": %s, "size": %s}}' "$3" "$4"
}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
status=$(request "$2" "$3" "$5" "$6" |
    curl --silent --show-error --output "$answer" --write-out '%{http_code}' --data-binary @- \
        "http://$1/v1/models/${MODEL_NAME:-nst}:predict")
if [ "$status" != 200 ]; then
    cat "$answer" >&2 # {"error": "..."}: what is wrong, in the model's words
    exit 1
fi
tr -d '\n' <"$answer" | sed 's/.*"b64": *"\([^"]*\)".*/\1/' | base64 -d >"$4"
echo "$4"
