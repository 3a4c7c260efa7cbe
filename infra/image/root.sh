#!/bin/sh
# Makes the whole of an image for Lambda: a function, the libraries that it loads, and the certificates that it trusts.
#
#   infra/image/root.sh BOOTSTRAP FOLDER
set -eu

bootstrap=$1
folder=$2

mkdir -p "$folder/etc/ssl/certs" "$folder/tmp"
cp "$bootstrap" "$folder/bootstrap"
chmod 0755 "$folder/bootstrap"
# The loader first: of what ldd prints, it is the line without an arrow.
ldd "$bootstrap" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
  mkdir -p "$folder$(dirname "$library")"
  cp -L "$library" "$folder$library"
done
cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
