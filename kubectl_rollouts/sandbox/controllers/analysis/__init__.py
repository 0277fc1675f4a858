"""AnalysisRuns: metrics measured on time, counted, assessed (spec/controller.md §9)."""
