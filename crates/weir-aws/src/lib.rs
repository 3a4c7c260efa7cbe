//! weir-aws
