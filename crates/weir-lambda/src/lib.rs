//! weir-lambda
