"""What is timed, scored and calibrated beside the product; nothing in the product imports it."""
