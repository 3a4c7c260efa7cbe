#!/usr/bin/env bash
# Makes `sam local` run on Debian or Ubuntu: a Docker engine, and the base image of Lambda's functions. Does only what is
# missing, so it may be run again and again. Where no registry is reached, a stand-in takes the image's name: it has this
# machine's C library, certificates and a shell, which is what a function of Rust and sam's own layer need, and is not
# Amazon Linux.
#
#   infra/sam/docker.sh [x86_64|arm64]
#
# It ends with 0 once both are there; with 3 where no engine can run, and says why.
set -euo pipefail

readonly architecture=${1:-x86_64}
case $architecture in
  x86_64) readonly platform=linux/amd64 ;;
  arm64) readonly platform=linux/arm64 ;;
  *)
    echo "error: no architecture $architecture: it is x86_64 or arm64" >&2
    exit 2
    ;;
esac
readonly image=public.ecr.aws/lambda/provided:al2023-$architecture
readonly log=${TMPDIR:-/tmp}/weir-dockerd.log
folder=""
trap '[[ -z $folder ]] || rm -rf "$folder"' EXIT

main() {
  engine_answers || install_engine
  engine_answers || start_engine
  if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image is here"
  elif timeout 120 docker pull --quiet --platform "$platform" "$image" 2>/dev/null; then
    echo "$image was pulled"
  else
    stand_in
    echo "$image is a stand-in: no registry was reached"
  fi
}

engine_answers() {
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

install_engine() {
  command -v dockerd >/dev/null && return
  command -v apt-get >/dev/null || cannot "there is no Docker, and no apt-get to install it with"
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends docker.io || cannot "docker.io could not be installed"
}

# Where systemd started it already, it only needs its time.
start_engine() {
  command -v dockerd >/dev/null || cannot "docker.io has no dockerd"
  if [[ ! -d /run/systemd/system ]]; then
    as_root sh -c "exec setsid dockerd >'$log' 2>&1 </dev/null &"
  fi
  for ((try = 0; try < 60; try++)); do
    engine_answers && return
    sleep 0.5
  done
  if as_root docker version >/dev/null 2>&1; then
    cannot "only root may talk to Docker: add yourself to the group docker, or run this as root"
  fi
  tail -n 3 "$log" >&2 2>/dev/null || true
  cannot "dockerd does not start here (it needs root, control groups and iptables)"
}

# The libraries that a program of this machine loads, and a static shell for the layer that sam builds on top.
stand_in() {
  [[ $(uname -m | sed s/aarch64/arm64/) == "$architecture" ]] || cannot "a stand-in is only made for this machine's processor"
  command -v busybox >/dev/null || as_root apt-get install -y -qq --no-install-recommends busybox-static
  folder=$(mktemp -d)
  mkdir -p "$folder"/{bin,etc,tmp,var/task,var/runtime,opt}
  cp "$(command -v busybox)" "$folder/bin/busybox"
  for name in sh ls cat chmod mv mkdir env; do ln -s busybox "$folder/bin/$name"; done
  local library
  for library in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libgcc_s.so.1 libresolv.so.2; do
    copy_library "$(library_path "$library")"
  done
  copy_library "$(loader_path)"
  mkdir -p "$folder/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
  echo 'root:x:0:0:root:/:/bin/sh' >"$folder/etc/passwd"
  tar -C "$folder" -c . | docker import --platform "$platform" \
    --change 'ENV LD_LIBRARY_PATH=/lib64:/usr/lib64 PATH=/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
    --change 'WORKDIR /var/task' - "$image" >/dev/null
}

library_path() {
  ldconfig -p | awk -v name="$1" '$1 == name && /64/ { print $NF; exit }'
}

# As executables name it.
loader_path() {
  local loader
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
    [[ ! -e $loader ]] || { echo "$loader"; return; }
  done
}

copy_library() {
  [[ -n $1 ]] || return 0
  mkdir -p "$folder$(dirname "$1")" "$folder/lib64"
  cp -L "$1" "$folder$1"
  [[ $(dirname "$1") == /lib64 ]] || cp -L "$1" "$folder/lib64/"
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

cannot() {
  echo "error: $1. Without Docker: cargo xtask sam rie" >&2
  exit 3
}

main
