# make             environment, sample, scripts 1 to 5, the gallery in images/
# make DATA=...    the same with another dataset in MagnaTagATune's form, without the gallery
# make mtt DATA=.. the published variants B and C on a real MagnaTagATune folder
# make pipeline    the same as make
# make test        environment, style, direction of imports, all tests that are quick
# make test-slow   tests that take long and guard settled ground
# make bounds      floor and ceiling of the sample
# make bench       tables of how long things take
# make env         the environment alone, in .venv
# make clean       remove the environment and the sample

PYTHON ?= python3
DATA ?= data/sample
override DATA := $(patsubst ./%,%,$(DATA:/=))
RAW ?= $(DATA)
AUTOTAGGING_TEST_DATA ?= ../shared
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)

RUN := .venv/bin/python
SAMPLE := data/sample
IS_SAMPLE := $(filter $(SAMPLE),$(DATA))
FIGURE_TAGS := $(if $(IS_SAMPLE),--figure-tags india flute techno)
TRUTH := $(if $(IS_SAMPLE),--truth $(SAMPLE)/truth_final.csv)
ONE := 1_label_reduction_and_files_renaming.py
GALLERY := labels/merged50/label_distribution features/mel96/waves_spectro_logspectro \
	models/vgg/CNN_architecture results/vgg/accuracy results/vgg/Recall results/vgg/results \
	tag_map/trained/t_SNE
PYTEST := $(RUN) -m pytest -n $(JOBS) --dist worksteal

export AUTOTAGGING_TEST_DATA

.PHONY: all env pipeline mtt test test-slow bounds bench clean

all: pipeline

pipeline: env
	$(if $(IS_SAMPLE),$(RUN) aux_make_sample.py --jobs $(JOBS))
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW)
	$(RUN) aux_label_distribution.py --data $(DATA)
	$(RUN) 2_feature_extraction.py --data $(DATA) --jobs $(JOBS) $(FIGURE_TAGS)
	$(RUN) 3_train_cnn.py --data $(DATA)
	$(RUN) 4_evaluate.py --data $(DATA) $(TRUTH)
	$(RUN) 5_visualize_tags.py --data $(DATA)
	$(if $(IS_SAMPLE),cp $(GALLERY:%=$(DATA)/%.png) images/)
	@echo
	@echo "To look at, in $(DATA):"
	@echo "  labels/*/label_distribution.png               how often tags are given, and together"
	@echo "  features/mel96/waves_spectro_logspectro.png   three clips: wave and spectrograms"
	@echo "  models/vgg/CNN_architecture.png               the network and its maps"
	@echo "  models/vgg/training_history.png               loss and validation scores by epoch"
	@echo "  results/vgg/accuracy.png, Recall.png          tag by tag, most frequent first"
	@echo "  results/vgg/auc_per_tag.png                   AUCs with intervals; roc_pr_curves.png"
	@echo "  results/vgg/tag_confusions.png                which tags are predicted instead"
	@echo "  results/vgg/results.png                       five clips: actual and predicted tags"
	@echo "  results/vgg/report.html                       all of it, with clips to listen to"
	@echo "  tag_map/trained/t_SNE.png                     the map of the tags; t_SNE.txt its numbers"
	@echo "  tag_map/trained/tag_map.html                  words, annotations, network to explore"
	$(if $(IS_SAMPLE),@echo "copied to images/: the paper's six figures and the label distribution")

# B, the literature's: 50 unmerged tags; C: this paper's 50 merged tags; both without untagged clips.
mtt: env
	$(if $(IS_SAMPLE),$(error name a MagnaTagATune folder: make mtt DATA=...))
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW) --no-merge
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW)
	$(RUN) 2_feature_extraction.py --data $(DATA) --jobs $(JOBS)
	$(RUN) 3_train_cnn.py --data $(DATA) --labels unmerged50 --name vgg-B
	$(RUN) 3_train_cnn.py --data $(DATA) --labels merged50 --name vgg-C
	$(RUN) 4_evaluate.py --data $(DATA) --model vgg-B
	$(RUN) 4_evaluate.py --data $(DATA) --model vgg-C
	$(RUN) benchmarks/beside_literature.py --data $(DATA) vgg-B vgg-C

bounds: env
	$(RUN) benchmarks/floor_and_ceiling.py --data $(DATA)

bench: env
	$(RUN) benchmarks/time_labels.py
	$(RUN) benchmarks/time_features.py
	$(RUN) benchmarks/time_training.py --architectures vgg paper --memory
	$(RUN) benchmarks/time_evaluation.py
	$(RUN) benchmarks/read_word_vectors.py

test: env
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache
	$(PYTEST) -m "not slow"

test-slow: env
	$(PYTEST) -m slow

env: .venv/installed

.venv/installed: requirements.txt requirements-cluster.txt constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is " + \
	"{}.{}: make PYTHON=python3.12".format(*v))'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --requirement requirements.txt \
	  --requirement requirements-cluster.txt --constraint constraints.txt
	@touch $@

clean:
	rm -rf .venv $(SAMPLE)
