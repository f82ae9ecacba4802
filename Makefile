# make             environment, sample, scripts 1 to 5, the gallery in images/
# make DATA=...    the same with another dataset in MagnaTagATune's form, without the gallery
# make mtt DATA=.. variants B and C on a real MagnaTagATune folder, a published network on A and C
# make VECTORS=... the same with a map of the tags by these word vectors, a file or a name
# make pipeline    the same as make
# make test        environment, style, direction of imports, all tests that are quick
# make test-slow   tests that take long and guard settled ground
# make fuzz        3,000 inputs changed by chance (FUZZ_INPUTS=...), and what becomes of them
# make bounds      floor and ceiling of the sample
# make bench       tables of how long things take
# make rehearsal   scripts 1 to 5 on a stand-in of MagnaTagATune at full size: docs/full_size.md
# make growth      the same on a quarter, on all and on four times the clips
# make faults      kills, full disks and the like, and whether the scripts end as if undisturbed
# make env         the environment alone, in .venv, and the published networks' weights
# make clean       remove the environment and the sample

# PYTHON=... is the interpreter, RAW=... the dataset as shipped, JOBS=... the number of processes

PYTHON ?= python3
DATA ?= data/sample
AUTOTAGGING_TEST_DATA ?= ../shared
FUZZ_INPUTS ?= 3000
FUZZ_SEED ?= $(shell date +%s)

# As typed: a dollar is a letter.
override PYTHON := $(value PYTHON)
override DATA := $(value DATA)
override RAW := $(value RAW)
override VECTORS := $(value VECTORS)
override JOBS := $(or $(value JOBS),$(shell nproc 2>/dev/null || sysctl -n hw.ncpu))
override export AUTOTAGGING_TEST_DATA := $(value AUTOTAGGING_TEST_DATA)

# A text as one word of the shell, so that blanks, quotes and semicolons are letters, too.
quote = '$(subst ','\'',$(1))'

RUN := .venv/bin/python
ON = --data $(call quote,$(DATA))
FROM = $(ON) $(if $(RAW),--raw $(call quote,$(RAW)))
IN_PARALLEL = --jobs $(call quote,$(JOBS))
IS_SAMPLE := $(if $(word 2,$(DATA)),,$(filter data/sample ./data/sample,$(DATA:/=)))
FIGURE_TAGS := $(if $(IS_SAMPLE),--figure-tags india flute techno)
ON_STAND_IN = $(if $(IS_SAMPLE),,$(ON))
TRUTH := $(if $(IS_SAMPLE),--truth data/sample/truth_final.csv)
PUBLISHED := data/published/musicnn-0.1.0-py3-none-any.whl
ONE := 1_label_reduction_and_files_renaming.py
GALLERY := labels/merged50/label_distribution features/mel96/waves_spectro_logspectro \
	models/vgg/CNN_architecture results/vgg/accuracy results/vgg/Recall results/vgg/results
MAPPED_BY := $(if $(VECTORS),--vectors $(call quote,$(VECTORS)))
# The map's folder is named after its vectors, as only the package knows.
COPY_MAP := import shutil, sys; from pathlib import Path; \
	from autotagging.tag_map.word_files import Source; \
	name = Source(Path(sys.argv[1]).name, None, "").short_name; \
	shutil.copy(f"data/sample/tag_map/{name}/t_SNE.png", "images")
COPIED := the label distribution and $(if $(VECTORS),the paper's six figures,five of the paper's \
	figures; the map in it is of MagnaTagATune and general word vectors: see docs/tag_map.md)
PYTEST = $(RUN) -m pytest -n $(call quote,$(JOBS)) --dist worksteal

.PHONY: all env pipeline mtt test test-slow fuzz bounds bench rehearsal growth faults clean

all: pipeline

pipeline: env
	$(if $(IS_SAMPLE),$(RUN) aux_make_sample.py $(IN_PARALLEL))
	$(RUN) $(ONE) $(FROM)
	$(RUN) aux_label_distribution.py $(ON)
	$(RUN) 2_feature_extraction.py $(ON) $(IN_PARALLEL) $(FIGURE_TAGS)
	$(RUN) 3_train_cnn.py $(ON)
	$(RUN) 4_evaluate.py $(ON) $(TRUTH)
	$(RUN) 5_visualize_tags.py $(ON) $(MAPPED_BY)
	$(if $(IS_SAMPLE),cp $(GALLERY:%=data/sample/%.png) images/)
	$(if $(IS_SAMPLE),$(if $(VECTORS),$(RUN) -c '$(COPY_MAP)' $(call quote,$(VECTORS))))
	@printf '\nTo look at, in %s:\n' $(call quote,$(DATA))
	@echo "  labels/*/label_distribution.png               how often tags are given, and together"
	@echo "  features/mel96/waves_spectro_logspectro.png   three clips: wave and spectrograms"
	@echo "  models/vgg/CNN_architecture.png               the network and its maps"
	@echo "  models/vgg/training_history.png               loss and validation scores by epoch"
	@echo "  results/vgg/accuracy.png, Recall.png          tag by tag, most frequent first"
	@echo "  results/vgg/auc_per_tag.png                   AUCs with intervals; roc_pr_curves.png"
	@echo "  results/vgg/tag_confusions.png                which tags are predicted instead"
	@echo "  results/vgg/results.png                       five clips: actual and predicted tags"
	@echo "  results/vgg/report.html                       all of it, with clips to listen to"
	@echo "  tag_map/*/t_SNE.png                           the map of the tags; t_SNE.txt its numbers"
	@echo "  tag_map/*/tag_map.html                        words, annotations, network to explore"
	$(if $(IS_SAMPLE),@echo "copied to images/: $(COPIED)")
	@printf '\nA few hundred real clips are tagged better from what a published network knows\n'
	@printf '(docs/networks.md), once script 1 has read them:\n'
	@echo "  .venv/bin/python 2_feature_extraction.py --data data/mine --preset msd-musicnn"
	@echo "  .venv/bin/python 3_train_cnn.py --data data/mine --architecture linear"
	@echo "  .venv/bin/python 4_evaluate.py --data data/mine --model linear"

# B, the literature's: 50 unmerged tags; C: this paper's 50 merged tags; both without untagged clips;
# A: 50 unmerged tags with untagged clips, as the published network was judged.
mtt: env
	$(if $(IS_SAMPLE),$(error name a MagnaTagATune folder: make mtt DATA=...))
	$(RUN) $(ONE) $(FROM) --no-merge
	$(RUN) $(ONE) $(FROM)
	$(RUN) 2_feature_extraction.py $(ON) $(IN_PARALLEL)
	$(RUN) 3_train_cnn.py $(ON) --labels unmerged50 --name vgg-B
	$(RUN) 3_train_cnn.py $(ON) --labels merged50 --name vgg-C
	$(RUN) 4_evaluate.py $(ON) --model vgg-B
	$(RUN) 4_evaluate.py $(ON) --model vgg-C
	$(RUN) $(ONE) $(FROM) --no-merge --keep-untagged
	$(RUN) 2_feature_extraction.py $(ON) $(IN_PARALLEL) --preset musicnn
	$(RUN) 4_evaluate.py $(ON) --model mtt-musicnn --labels unmerged50-all --name mtt-musicnn-A
	$(RUN) 4_evaluate.py $(ON) --model mtt-musicnn --labels merged50 --name mtt-musicnn-C
	$(RUN) benchmarks/beside_literature.py $(ON) vgg-B vgg-C mtt-musicnn-A mtt-musicnn-C

bounds: env
	$(RUN) benchmarks/floor_and_ceiling.py $(ON)

bench: env
	$(RUN) benchmarks/time_labels.py
	$(RUN) benchmarks/time_features.py
	$(RUN) benchmarks/time_layer.py
	$(RUN) benchmarks/time_tagging.py
	$(RUN) benchmarks/time_engines.py
	$(RUN) benchmarks/time_training.py --architectures vgg paper --memory
	$(RUN) benchmarks/time_evaluation.py
	$(RUN) benchmarks/read_word_vectors.py

rehearsal: env
	$(RUN) benchmarks/rehearsal.py $(ON_STAND_IN)

growth: env
	$(RUN) benchmarks/growth.py $(ON_STAND_IN)

faults: env
	$(RUN) benchmarks/faults.py

test: env
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) .venv/bin/lint-imports --no-cache
	$(PYTEST) -m "not slow"

test-slow: env
	$(PYTEST) -m slow

fuzz: env
	FUZZ_INPUTS=$(call quote,$(FUZZ_INPUTS)) FUZZ_SEED=$(call quote,$(FUZZ_SEED)) \
	  $(RUN) -m pytest -s tests/test_fuzz.py

env: .venv/installed $(PUBLISHED)

.venv/installed: requirements.txt requirements-cluster.txt constraints.txt
	@$(call quote,$(PYTHON)) -c 'import sys; v = sys.version_info; \
	sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is " + \
	"{}.{}: make PYTHON=python3.12".format(*v))'
	$(call quote,$(PYTHON)) -m venv .venv
	$(RUN) -m pip install --quiet --requirement requirements.txt \
	  --requirement requirements-cluster.txt --constraint constraints.txt
	@touch $@

# All but the published networks works without it: what cannot be fetched stops nothing.
$(PUBLISHED): requirements-published.txt | .venv/installed
	@$(RUN) -m pip download --quiet --retries 1 --timeout 15 --no-deps --require-hashes \
	  --requirement $< --dest $(@D) && touch $@ \
	  || echo "not fetched: $@, of which published networks are made; make env tries again"

clean:
	rm -rf .venv data/sample
