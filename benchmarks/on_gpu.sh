#!/usr/bin/env bash
# Measure training, tagging and fine-tuning on a GPU, in 8 minutes at most: also on a machine that has
# JAX or PyTorch, but no TensorFlow, and reaches no package index.
#
#   benchmarks/on_gpu.sh --pack .gpu             where make env was run: gather what that machine lacks
#   benchmarks/on_gpu.sh .gpu results            on that machine, with .gpu beside the repository's files
#   benchmarks/on_gpu.sh .gpu results tagging    one part or two of: training tagging fine-tuning
#   benchmarks/on_gpu.sh --try .gpu results      anywhere: a few batches, songs and steps, without haste
#
# Reads   .gpu/wheels/      Python packages, installed in a temporary folder; may be absent
#         .gpu/published/   the network mtt-musicnn, converted
#         .gpu/emotify/     Emotify's songs and their tags
# Writes  results/on_gpu.md     what is printed
#         results/folds.csv     a row a fold that was fine-tuned; epochs.csv: the epochs of the first
#         results/errors.txt    what was said on standard error, progress bars included
#
# KERAS_BACKEND=torch computes with PyTorch (default: jax). PYTHON=... is the interpreter (default:
# python3, or that of .venv for --pack). --pack takes Emotify from AUTOTAGGING_TEST_DATA (default:
# ../shared), and wheels for PYTHON_VERSION (default: 3.12). MOST_SECONDS=... is how long all may take
# (default: 480); each part has a limit of its own besides. One that fails, or takes too long, is named,
# and the others are measured all the same.

set -u
REPOSITORY=$(realpath "$(dirname "$0")/..")
PARTS="training tagging fine-tuning"
PACKAGES="keras namex optree librosa audioread decorator pooch platformdirs soundfile cffi pycparser soxr"
PLATFORMS="manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64"
LOOK="from benchmarks import gpu; print(gpu.described()); raise SystemExit(gpu.find() is None)"
STEPS="--repeats 1 --batch-size 16 --learning-rate 0.0002" # as the rows of docs/experiments.md

main() {
  case ${1-} in
    --pack) [ $# = 2 ] || usage; pack "$(realpath -m "$2")"; exit ;;
    --try) shift; factor=20 batches=2 rounds=1 songs=4 epochs=1 ;;
    *) factor=1 batches='' rounds=3 songs=2000 epochs=10 ;;
  esac
  [ $# -ge 2 ] || usage
  carried=$(realpath -m "$1") results=$(realpath -m "$2") parts=${*:3}
  for part in $parts; do [[ " $PARTS " == *" $part "* ]] || complain "no part $part: there are $PARTS"; done
  [ -f "$carried/published/mtt-musicnn/model.keras" ] && [ -d "$carried/emotify" ] \
    || complain "$carried lacks published/mtt-musicnn or emotify: make it with benchmarks/on_gpu.sh --pack"
  mkdir -p "$results" && work=$(mktemp -d) || exit
  trap 'rm -rf "$work"' EXIT
  python=${PYTHON:-python3} errors=$results/errors.txt failed=$work/failed
  export KERAS_BACKEND=${KERAS_BACKEND:-jax} PYTHONUNBUFFERED=1
  # Memory is taken as it is needed, so that it can be measured; folds are compiled once.
  export XLA_PYTHON_CLIENT_PREALLOCATE=false JAX_COMPILATION_CACHE_DIR=$work/compiled
  export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
  cd "$REPOSITORY" && : > "$errors" || exit
  measure | tee "$results/on_gpu.md"
  [ ! -s "$failed" ]
}

measure() {
  exec 3>&1 # what has failed is said here, wherever the part prints to
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>> "$errors" \
    || echo "no GPU by NVIDIA is found"
  if compgen -G "$carried/wheels/*.whl" > /dev/null; then
    run 40 installation "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir \
      --target "$work/site" "$carried"/wheels/*.whl
    export PYTHONPATH=$work/site${PYTHONPATH:+:$PYTHONPATH}
  fi
  if [ $factor = 1 ]; then # without a GPU all would take hours
    run 60 "looking for a GPU" "$python" -c "$LOOK" || return
  fi
  if is_wanted training; then
    printf '\n## Training\n\n'
    # One table: of each run but the first, only its row is new.
    { train 50 vgg 256; train 60 musicnn 128; train 70 short-chunk-res 128; } | print_new
  fi
  if is_wanted tagging; then
    printf '\n## Tagging\n\n'
    run 80 tagging "$python" benchmarks/time_tagging.py --test-data "$carried" --clips 'emotify/audio/*/*.mp3' \
      --published "$carried/published" --network mtt-musicnn --songs $songs --jobs "$(nproc)"
  fi
  if is_wanted fine-tuning; then
    printf '\n## Fine-tuning\n\n'
    fine_tune
  fi
}

train() { # SECONDS NETWORK BATCHES: in single and in mixed precision, each a process with its own memory
  for option in "" --mixed-precision; do
    run "$1" "training $2 $option" "$python" benchmarks/time_training.py --architectures "$2" \
      --batches ${batches:-$3} --rounds $rounds $option
  done
}

print_new() { # each line of the input that was not there before, as it comes
  local -A seen
  while IFS= read -r line; do
    [ "${seen["=$line"]-}" ] || echo "$line"
    seen["=$line"]=1
  done
}

fine_tune() {
  local data=$work/emotify folds=$work/emotify/cross_validation/musicnn
  run 20 "Emotify's labels" "$python" 1_label_reduction_and_files_renaming.py --data "$data" \
    --raw "$carried/emotify" > /dev/null
  run 60 "Emotify's features" "$python" 2_feature_extraction.py --data "$data" --preset musicnn > /dev/null
  # shellcheck disable=SC2086 # several options
  run 150 fine-tuning "$python" benchmarks/cross_validate.py --data "$data" --architecture musicnn \
    --features musicnn --start-from mtt-musicnn --published "$carried/published" --seeds 0 \
    --epochs $epochs $STEPS
  if [ -f "$folds/folds.csv" ]; then
    printf '\nA row a fold that is finished:\n\n'
    cat "$folds/folds.csv"
    cp "$folds/folds.csv" "$results"
    cp "$folds/history-seed0-fold0.csv" "$results/epochs.csv"
  fi
}

run() { # SECONDS NAME COMMAND...: run it as long as is left; where it fails, say so and go on
  local seconds=$(($1 * factor)) left=$((${MOST_SECONDS:-480} * factor - SECONDS)) name=$2 status=124
  ((left < seconds)) && seconds=$((left > 0 ? left : 0))
  echo "== $name" >> "$errors"
  if ((seconds)); then
    timeout --kill-after=5 "$seconds" "${@:3}" 2>> "$errors"
    status=$?
  fi
  [ $status = 0 ] && return
  echo "$name" >> "$failed"
  [ $status = 124 ] && echo "$name: not finished in $seconds s" >&3 || echo "$name failed: see errors.txt" >&3
  return 1
}

is_wanted() { [[ -z $parts || " $parts " == *" $1 "* ]]; }

pack() {
  local options=(--no-deps --only-binary=:all: --implementation cp) data=${AUTOTAGGING_TEST_DATA:-$REPOSITORY/../shared}
  for platform in $PLATFORMS; do options+=(--platform "$platform"); done
  data=$(realpath "$data") && cd "$REPOSITORY" || exit
  [ -d "$data/emotify" ] || complain "$data has no emotify: name the test data in AUTOTAGGING_TEST_DATA"
  mkdir -p "$1" || exit
  # shellcheck disable=SC2086 # several packages
  "${PYTHON:-.venv/bin/python}" -m pip download -q "${options[@]}" --python-version "${PYTHON_VERSION:-3.12}" \
    --constraint constraints.txt --dest "$1/wheels" $PACKAGES || exit
  "${PYTHON:-.venv/bin/python}" aux_published_networks.py mtt-musicnn --published "$1/published" || exit
  cp -rL "$data/emotify" "$1" && du -sh "$1"
}

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

complain() { echo "$1" >&2; exit 1; }

main "$@"
