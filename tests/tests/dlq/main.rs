//! `weir dlq` as an operator has it: the built command, on a stack whose dead-letter queues are full.

mod command;
mod fill;
mod fixed;
mod replay;
