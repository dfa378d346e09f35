"""When events may have been lost: gaps, silence of WeCom, catching up."""
