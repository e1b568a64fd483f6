//! Behaviour of the grammar as a whole: examples beside properties that hold for every input.

mod command;
mod command_errors;
mod command_properties;
mod data;
mod line;
mod reference;
mod reply;
