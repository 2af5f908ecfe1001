"""Reports: one document model, built from records, and the renderers that write it down."""
