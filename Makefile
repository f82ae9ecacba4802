# make             environment, sample, scripts 1 to 5; draws the figures anew
# make DATA=...    the same with another dataset in MagnaTagATune's form
# make mtt DATA=.. the published variants B and C on a real MagnaTagATune folder
# make test        environment, style, all tests
# make bounds      floor and ceiling of the sample
# make bench       tables of how long things take
# make env         the environment alone, in .venv

PYTHON ?= python3
DATA ?= data/sample
override DATA := $(patsubst ./%,%,$(DATA:/=))
RAW ?= $(DATA)
AUTOTAGGING_TEST_DATA ?= ../shared
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)

RUN := .venv/bin/python
SAMPLE := data/sample
IMAGES := $(if $(filter $(SAMPLE),$(DATA)),images,$(DATA)/images)
FIGURES := waves_spectro_logspectro CNN_architecture accuracy Recall auc_per_tag roc_pr_curves \
	tag_confusions t_SNE results label_distribution training_history
FIGURE_TAGS := $(if $(filter $(SAMPLE),$(DATA)),--figure-tags india flute techno)
TRUTH := $(if $(filter $(SAMPLE),$(DATA)),--truth $(SAMPLE)/truth_final.csv)
ONE := 1_label_reduction_and_files_renaming.py

export AUTOTAGGING_TEST_DATA

.PHONY: all env pipeline mtt test bounds bench clean

all: env pipeline

pipeline:
	$(if $(filter $(SAMPLE),$(DATA)),$(RUN) aux_make_sample.py --jobs $(JOBS))
	rm -f $(FIGURES:%=$(IMAGES)/%.png)
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW)
	$(RUN) aux_label_distribution.py --data $(DATA)
	$(RUN) 2_feature_extraction.py --data $(DATA) --jobs $(JOBS) $(FIGURE_TAGS)
	$(RUN) 3_train_cnn.py --data $(DATA)
	$(RUN) 4_evaluate.py --data $(DATA) $(TRUTH)
	$(RUN) 5_visualize_tags.py --data $(DATA)
	@echo
	@echo "To look at:"
	@echo "  $(IMAGES)/waves_spectro_logspectro.png  three clips: wave, spectrogram, log spectrogram"
	@echo "  $(IMAGES)/label_distribution.png        how often tags are given, and together"
	@echo "  $(IMAGES)/CNN_architecture.png          the network and its maps"
	@echo "  $(IMAGES)/training_history.png          loss and validation scores by epoch"
	@echo "  $(IMAGES)/accuracy.png, Recall.png      tag by tag, most frequent first"
	@echo "  $(IMAGES)/auc_per_tag.png               areas with intervals; roc_pr_curves.png the curves"
	@echo "  $(IMAGES)/tag_confusions.png            which tags are predicted instead"
	@echo "  $(IMAGES)/results.png                   five clips: actual and predicted tags"
	@echo "  $(IMAGES)/t_SNE.png                     the map of the tags; t_SNE.txt its numbers"
	@echo "  $(DATA)/tag_map/tag_map.html            words, annotations and network to explore"
	@echo "  $(DATA)/results/vgg/report.html         all numbers, figures, and clips to listen to"

# B: 50 unmerged tags; C: this paper's 50 merged tags; both without untagged clips.
mtt: env
	$(if $(filter $(SAMPLE),$(DATA)),$(error name a MagnaTagATune folder: make mtt DATA=...))
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW) --no-merge
	$(RUN) $(ONE) --data $(DATA) --raw $(RAW)
	$(RUN) 2_feature_extraction.py --data $(DATA) --jobs $(JOBS)
	$(RUN) 3_train_cnn.py --data $(DATA) --labels unmerged50 --name vgg-B \
	  --images $(DATA)/images/vgg-B
	$(RUN) 3_train_cnn.py --data $(DATA) --labels merged50 --name vgg-C \
	  --images $(DATA)/images/vgg-C
	$(RUN) 4_evaluate.py --data $(DATA) --model vgg-B --images $(DATA)/images/vgg-B
	$(RUN) 4_evaluate.py --data $(DATA) --model vgg-C --images $(DATA)/images/vgg-C
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
	$(RUN) -m pytest -n $(JOBS) --dist worksteal

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
